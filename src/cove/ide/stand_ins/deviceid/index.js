"use strict";
// A name for this machine, for telemetry that is switched off: a new one each time.
exports.getDeviceId = async () => require("crypto").randomUUID();
