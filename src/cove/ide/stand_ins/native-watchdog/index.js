"use strict";
// The native module ends an extension host that no longer reacts after its parent died; the parent's own signals do
// for a server.
exports.start = () => {};
exports.exit = (code) => process.exit(code);
