"use strict";
// start.js DATA SOCKET [option of code-server]... FOLDER: removes a stale socket, hides from code-server the variables of
// the container that it would take as its own settings, and becomes code-server. SOCKET is "-" where there is none.
const fs = require("fs");
const module_ = require("module");
const net = require("net");
const path = require("path");

// What code-server reads from the environment, and in part deletes: the container's user may mean something else by it.
const TAKEN = /^(PASSWORD|HASHED_PASSWORD|GITHUB_TOKEN|PORT|LOG_LEVEL|VSCODE_OPTIONS|CS_.*|CODE_SERVER_.*)$/;

function hide(data) {
  const kept = {
    XDG_DATA_HOME: process.env.XDG_DATA_HOME ?? null,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? null,
  };
  for (const name of Object.keys(process.env)) {
    if (!TAKEN.test(name)) continue;
    kept[name] = process.env[name];
    delete process.env[name];
  }
  if (process.env.COVE_NODE_OPTIONS !== undefined) kept.NODE_OPTIONS = process.env.COVE_NODE_OPTIONS;
  delete process.env.COVE_NODE_OPTIONS;
  process.env.XDG_DATA_HOME = path.join(data, "user"); // its own log files would go to the person's home
  process.env.COVE_KEPT = JSON.stringify(kept);
  if (process.env.COVE_SECRET) process.env.HASHED_PASSWORD = process.env.COVE_SECRET;
  delete process.env.COVE_SECRET;
}

// Compiled code is kept in the workspace's own data: its next start takes about two thirds of the time.
function remember(data) {
  process.env.NODE_COMPILE_CACHE = path.join(data, "compiled"); // for the child; environment.js takes it away again
  module_.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  setTimeout(() => module_.flushCompileCache(), 15_000).unref();
}

function become(data, args) {
  hide(data);
  remember(data);
  const entry = path.join(__dirname, "..", "code-server", "out", "node", "entry.js");
  process.execArgv.push("--require", path.join(__dirname, "environment.js"));
  process.argv.splice(1, process.argv.length, entry, ...args);
  require(entry);
}

function isSocket(file) {
  try {
    return fs.lstatSync(file).isSocket();
  } catch {
    return false;
  }
}

function start(data, socket, args) {
  if (socket === "-") return become(data, args);
  if (!isSocket(socket)) {
    fs.rmSync(socket, { force: true, recursive: true }); // a link to somebody else's socket is no editor's
    return become(data, args);
  }
  const other = net.connect(socket);
  other.on("connect", () => {
    console.log(`an editor already listens on ${socket}`);
    process.exit(0);
  });
  other.on("error", () => {
    fs.rmSync(socket, { force: true });
    become(data, args);
  });
}

const [data, socket, ...args] = process.argv.slice(2);
start(data, socket, args);
