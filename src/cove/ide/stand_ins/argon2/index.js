"use strict";
// code-server loads argon2 when it starts, and uses it only where someone typed a password. cove logs in with a
// session cookie instead, so the native module (it asks for a glibc newer than many images have) is not needed.
const refuse = async () => {
  throw new Error("passwords are not used here");
};
module.exports = { hash: refuse, verify: refuse, needsRehash: () => false };
