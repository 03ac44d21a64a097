#!/usr/bin/env python3
"""two_peers.py PREFIX - two connections in one Python process say hello over a data channel.

There is no socket: what one wants to send the other receives, from addresses that are made up, and time
is a number. PREFIX is where taut was installed with -DBUILD_SHARED_LIBS=ON. Needs cffi."""
import pathlib
import re
import sys

import cffi


def declarations(prefix):
    """What the public headers say between their marks is what cffi can read."""
    text = (prefix / "include/taut/taut.h").read_text()
    marked = re.search(r"/\* begin: bindings.*?\*/(.*)/\* end \*/", text, re.S).group(1)
    return re.sub(r"/\*.*?\*/", " ", marked, flags=re.S)


prefix = pathlib.Path(sys.argv[1])
ffi = cffi.FFI()
ffi.cdef(declarations(prefix))
taut = ffi.dlopen(str(next(prefix.glob("lib/**/libtaut.so"))))


class Failed(Exception):
    pass


def new(kind, **fields):
    """A struct that begins with its size, as taut likes them."""
    return ffi.new(f"struct {kind} *", {"size": ffi.sizeof(f"struct {kind}"), **fields})


class Peer:
    def __init__(self, env, last):
        self.now = 1
        self.heard = []
        self.address = ffi.new("struct taut_addr *", {"family": 4, "port": 0, "ip": [192, 0, 2, last]})
        self.room = ffi.new("uint8_t[65536]")
        made = ffi.new("taut_pc **")
        self.check(taut.taut_pc_new(made, env, new("taut_config"), self.now), None)
        self.pc = made[0]
        face = new("taut_interface", index=1, name=ffi.NULL, addr=self.address[0])
        self.check(taut.taut_pc_set_interfaces(self.pc, self.now, face, 1))

    def check(self, code, pc=True):
        if code < 0:
            raise Failed(ffi.string(taut.taut_pc_error(self.pc).message).decode() if pc else code)

    def describe(self):
        """The offer, or the answer to the one that was given."""
        self.check(taut.taut_pc_set_local_description(self.pc, self.now, 0, ffi.NULL, 0))
        kind = ffi.new("uint32_t *")
        text = ffi.string(taut.taut_pc_local_description(self.pc, kind))
        return kind[0], text

    def take(self, kind, text):
        self.check(taut.taut_pc_set_remote_description(self.pc, self.now, kind, text, len(text)))

    def open_channel(self, label):
        label = ffi.new("char[]", label.encode())
        channel = ffi.new("taut_channel *")
        init = new("taut_data_channel_init", label=label)
        self.check(taut.taut_pc_create_data_channel(self.pc, self.now, init, channel))

    def say(self, channel, text):
        data = text.encode()
        self.check(taut.taut_pc_send_message(self.pc, self.now, channel, 0, data, len(data)))

    def turn(self, other):
        """One round: what it asks for is answered, what it sends the other receives."""
        while (io := taut.taut_pc_poll_io(self.pc)) != ffi.NULL:
            if io.kind == taut.TAUT_IO_UDP:
                bound = ffi.new("struct taut_addr *", io.local)
                bound.port = 40000 + io.flow
                taut.taut_pc_io_result(self.pc, self.now, io.flow, 0, bound, 1)
        while (event := taut.taut_pc_poll_event(self.pc)) != ffi.NULL:
            self.on_event(event, other)
        out = new("taut_datagram", buf=self.room, cap=len(self.room))
        while taut.taut_pc_poll_send(self.pc, self.now, out) == 1:
            self.carry(out, other)
        taut.taut_pc_tick(self.pc, self.now)

    def carry(self, out, other):
        step = out.segment or out.len
        for at in range(0, out.len, step):
            packet = ffi.from_buffer("uint8_t[]", bytearray(ffi.buffer(out.buf, out.len)[at:at + step]))
            given = new("taut_datagram", flow=out.remote.port - 40000, local=out.remote, remote=out.local,
                        buf=packet, cap=len(packet), len=len(packet))
            taut.taut_pc_recv(other.pc, other.now, given)

    def on_event(self, event, other):
        if event.type == taut.TAUT_EV_ICE_CANDIDATE and event.text != ffi.NULL:
            text = ffi.string(event.text)
            taut.taut_pc_add_ice_candidate(other.pc, other.now, text, len(text), event.label, -1)
        elif event.type == taut.TAUT_EV_OPEN:
            self.say(event.channel, "hello from Python")
        elif event.type == taut.TAUT_EV_MESSAGE:
            self.heard.append(ffi.buffer(event.data, event.len)[:].decode())


def main():
    made = ffi.new("taut_env **")
    if taut.taut_env_new(made, new("taut_env_config")) != taut.TAUT_OK:
        return 1
    env = made[0]
    ada, bob = Peer(env, 1), Peer(env, 2)
    ada.open_channel("chat")
    bob.take(*ada.describe())
    ada.take(*bob.describe())
    for _ in range(2000):
        for one, other in ((ada, bob), (bob, ada)):
            one.turn(other)
            one.now += 5000
        if ada.heard and bob.heard:
            break
    print(f"ada heard {ada.heard}, bob heard {bob.heard}, after {ada.now / 1000:.0f} ms of their time")
    for peer in (ada, bob):
        taut.taut_pc_free(peer.pc)
    return taut.taut_env_free(env) or ada.heard != ["hello from Python"] or bob.heard != ["hello from Python"]


if __name__ == "__main__":
    sys.exit(main())
