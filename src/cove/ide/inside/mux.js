// The container's end of a multiplexed stream: many connections over one process's stdin and stdout.
//
// Started through `exec`, with the bundle's own node. The other end is places/mux.py; the frames are described there.
// It ends with its stdin, or when nothing has been heard for a while (the other end pings).
"use strict";

const net = require("node:net");

const OPEN = 1, OPENED = 2, DATA = 3, CREDIT = 4, END = 5, CLOSE = 6, PING = 7;
const HEADER = 9;
const WINDOW = 1 << 20;
const LARGEST_FRAME = 1 << 18;
const SILENCE_MS = 90_000;

const streams = new Map();

// Node writes to a pipe on stdout synchronously, so nothing else would go on while the other end is slow.
const output = new net.Socket({ fd: 1, readable: false, writable: true });

function send(type, id, payload = Buffer.alloc(0)) {
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(id, 1);
  header.writeUInt32BE(payload.length, 5);
  output.cork();
  output.write(header);
  if (payload.length) output.write(payload);
  output.uncork();
}

function sendNumber(type, id, number) {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32BE(number);
  send(type, id, payload);
}

// "unix:/path" or "tcp:PORT"; a port is tried on the IPv4 loopback, then on the IPv6 one.
function addresses(target) {
  if (target.startsWith("unix:")) return [{ path: target.slice(5) }];
  const port = Number(target.slice(4));
  return [{ host: "127.0.0.1", port }, { host: "::1", port }];
}

function open(id, candidates) {
  const [address, ...others] = candidates;
  const socket = net.connect({ ...address, allowHalfOpen: true });
  const refused = (error) => {
    if (others.length && streams.has(id)) return open(id, others);
    if (streams.delete(id)) send(CLOSE, id, Buffer.from(error.code || error.message));
  };
  socket.once("error", refused);
  socket.once("connect", () => {
    socket.off("error", refused);
    if (!streams.has(id)) return socket.destroy();
    socket.setNoDelay?.(true);
    carry(id, socket);
    send(OPENED, id);
  });
  streams.set(id, { socket, mayRead: false });
}

function carry(id, socket) {
  const stream = { socket, mayRead: true, credit: WINDOW, written: 0 };
  streams.set(id, stream);
  socket.on("data", (data) => {
    for (let at = 0; at < data.length; at += LARGEST_FRAME) send(DATA, id, data.subarray(at, at + LARGEST_FRAME));
    stream.credit -= data.length;
    if (stream.credit <= 0) socket.pause();
  });
  socket.on("end", () => send(END, id));
  socket.on("error", () => {}); // "close" follows
  socket.on("close", () => {
    if (streams.delete(id)) send(CLOSE, id);
  });
}

function write(id, stream, data) {
  stream.socket.write(data, (error) => {
    stream.written += data.length;
    if (error || stream.written < WINDOW / 4) return;
    sendNumber(CREDIT, id, stream.written);
    stream.written = 0;
  });
}

function handle(type, id, payload) {
  if (type === PING) return send(PING, 0);
  if (type === OPEN) return open(id, addresses(payload.toString()));
  const stream = streams.get(id);
  if (!stream) return; // closed meanwhile
  if (type === DATA) write(id, stream, payload);
  else if (type === END) stream.socket.end();
  else if (type === CREDIT) {
    stream.credit += payload.readUInt32BE(0);
    if (stream.credit > 0) stream.socket.resume();
  } else if (type === CLOSE) {
    streams.delete(id);
    stream.socket.destroy();
  }
}

let buffered = Buffer.alloc(0);
const silence = setTimeout(() => process.exit(0), SILENCE_MS);

process.stdin.on("data", (data) => {
  silence.refresh();
  buffered = buffered.length ? Buffer.concat([buffered, data]) : data;
  let at = 0;
  while (buffered.length - at >= HEADER) {
    const length = buffered.readUInt32BE(at + 5);
    if (buffered.length - at < HEADER + length) break;
    handle(buffered.readUInt8(at), buffered.readUInt32BE(at + 1), buffered.subarray(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  buffered = buffered.subarray(at);
});
process.stdin.on("end", () => process.exit(0));
output.on("error", () => process.exit(0));
output.write("cove-mux 1\n");
