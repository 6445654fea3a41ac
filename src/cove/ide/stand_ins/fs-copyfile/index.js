"use strict";
// The native module shares blocks between copies where the file system can; Node's own calls do the same where they
// may (COPYFILE_FICLONE). The git extension loads it when it starts.
const fs = require("fs");

const { constants } = fs;
const clone = (mode) => (mode ?? 0) | constants.COPYFILE_FICLONE;

exports.constants = constants;
exports.copyFile = (source, target, mode) => fs.promises.copyFile(source, target, clone(mode));
exports.copyFileSync = (source, target, mode) => fs.copyFileSync(source, target, clone(mode));
exports.cp = (source, target, options) => fs.promises.cp(source, target, { ...options, mode: clone(options?.mode) });
exports.isCloneSupported = () => false;
