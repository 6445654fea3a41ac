"use strict";
// VS Code's log files without the native spdlog: the same calls, written straight to the file, which is turned over
// to NAME.1 … NAME.N when it grows past its size.
const fs = require("fs");
const path = require("path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical"];
let commonLevel = 2;

class Logger {
  constructor(kind, name, file, size, count) {
    this.file = file;
    this.size = size || 0;
    this.count = count || 1;
    this.level = commonLevel;
    this.bare = false;
    this.handle = -1;
    this.written = 0;
  }

  open() {
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    this.handle = fs.openSync(this.file, "a");
    this.written = fs.fstatSync(this.handle).size;
  }

  turnOver() {
    fs.closeSync(this.handle);
    const { dir, name, ext } = path.parse(this.file);
    const numbered = (n) => (n ? path.join(dir, `${name}.${n}${ext}`) : this.file);
    for (let n = this.count - 1; n > 0; n--) {
      if (fs.existsSync(numbered(n - 1))) fs.renameSync(numbered(n - 1), numbered(n));
    }
    this.open();
  }

  write(level, message) {
    if (level < this.level) return;
    const stamp = new Date().toISOString().replace("T", " ").replace("Z", "");
    const line = Buffer.from(this.bare ? String(message) : `${stamp} [${LEVELS[level]}] ${message}\n`);
    try {
      if (this.handle < 0) this.open();
      if (this.size && this.written && this.written + line.length > this.size) this.turnOver();
      fs.writeSync(this.handle, line);
      this.written += line.length;
    } catch {
      this.handle = -1; // a full or vanished disk must not end the editor
    }
  }

  trace(message) { this.write(0, message); }
  debug(message) { this.write(1, message); }
  info(message) { this.write(2, message); }
  warn(message) { this.write(3, message); }
  error(message) { this.write(4, message); }
  critical(message) { this.write(5, message); }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  setPattern() {}
  clearFormatters() { this.bare = true; }
  flush() {}

  drop() {
    if (this.handle >= 0) fs.closeSync(this.handle);
    this.handle = -1;
  }
}

const create = async (name, file, size, count) => new Logger("rotating", name, file, size, count);

exports.version = 1;
exports.Logger = Logger;
exports.setLevel = (level) => { commonLevel = level; };
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
