"use strict";
// Loaded before the process that runs VS Code's server, whose environment the terminals inherit: gives back what
// start.js hid, once code-server has read its own.
const kept = process.env.COVE_KEPT;
delete process.env.COVE_KEPT;
const own = process.execArgv.indexOf(__filename);
if (own > 0) process.execArgv.splice(own - 1, 2);
setTimeout(() => require("module").flushCompileCache(), 15_000).unref();
if (kept !== undefined) {
  setImmediate(() => {
    for (const [name, value] of Object.entries(JSON.parse(kept))) {
      if (value === null) delete process.env[name];
      else process.env[name] = value;
    }
  });
}
