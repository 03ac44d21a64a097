"""What is compared, and where the two may differ, with the reason."""

import re

# field: how tshark prints it (number, hex for bytes, text, time)
SUBJECTS = {
    "stun": dict.fromkeys(["stun.type.class", "stun.type.method"], "number")
    | {"stun.id": "hex", "stun.att.username": "text", "stun.att.software": "text",
       "stun.att.realm": "text", "stun.att.nonce": "text", "stun.att.hmac": "hex",
       "stun.att.tie-breaker": "hex"}
    | {"stun.att.error.reason": "text", "stun.att.token": "hex"}
    | dict.fromkeys(["stun.att.ipv4", "stun.att.ipv6", "stun.att.port", "stun.att.priority",
                     "stun.att.channelnum", "stun.att.lifetime", "stun.att.transp",
                     "stun.att.even-port.reserve-next", "stun.att.unknown",
                     "stun.att.google.network_id", "stun.att.google.network_cost",
                     "stun.att.error.class", "stun.att.error",
                     "stun.att.crc32", "stun.att.crc32.status"], "number"),
    "rtp": dict.fromkeys(["rtp.marker", "rtp.p_type", "rtp.seq", "rtp.timestamp", "rtp.ssrc",
                          "rtp.cc", "rtp.padding", "rtp.padding.count", "rtp.ext",
                          "rtp.csrc.item", "rtp.ext.profile", "rtp.ext.len",
                          "rtp.ext.rfc5285.id", "rtp.ext.rfc5285.len"], "number")
    | {"rtp.ext.rfc5285.data": "hex", "rtp.payload": "hex"},
    "rtcp": {"rtcp.sdes.text": "text", "rtcp.xr.timestamp": "time"}
    | dict.fromkeys(["rtcp.xr.bt", "rtcp.xr.bl", "rtcp.xr.lrr", "rtcp.xr.dlrr"], "number")
    | dict.fromkeys(["rtcp.ssrc.identifier", "rtcp.sdes.type", "rtcp.sdes.length",
                     "rtcp.rtpfb.transportcc.baseseq", "rtcp.rtpfb.transportcc.statuscount",
                     "rtcp.rtpfb.transportcc.reftime", "rtcp.rtpfb.transportcc.pktcount",
                     "rtcp.rtpfb.transportcc.recv_delta"], "number")
    | dict.fromkeys(["rtcp.pt", "rtcp.length", "rtcp.senderssrc", "rtcp.timestamp.ntp.msw",
                           "rtcp.timestamp.ntp.lsw", "rtcp.timestamp.rtp",
                           "rtcp.sender.packetcount", "rtcp.sender.octetcount",
                           "rtcp.ssrc.fraction", "rtcp.ssrc.cum_nr", "rtcp.ssrc.ext_high",
                           "rtcp.ssrc.jitter", "rtcp.ssrc.lsr", "rtcp.ssrc.dlsr",
                           "rtcp.rtpfb.fmt", "rtcp.psfb.fmt", "rtcp.psfb.fir.fci.ssrc",
                           "rtcp.psfb.fir.fci.csn", "rate", "nack"], "number"),
    "sctp": dict.fromkeys(["sctp.cookie", "sctp.parameter_state_cookie",
                           "sctp.parameter_heartbeat_information"], "hex")
    | dict.fromkeys(["sctp.parameter_type", "sctp.parameter_length",
                     "sctp.shutdown_cumulative_tsn_ack", "sctp.forward_tsn_tsn",
                     "sctp.forward_tsn_sid", "sctp.forward_tsn_ssn", "sctp.cause_code",
                     "sctp.i_forward_tsn_tsn", "sctp.i_forward_tsn_sid",
                     "sctp.i_forward_tsn_u_bit", "sctp.forward_tsn_mid", "sctp.data_mid",
                     "sctp.data_fsn",
                     "sctp.cause_length", "sctp.abort_t_bit", "sctp.shutdown_complete_t_bit",
                     "sctp.parameter_reconfig_request_sequence_number",
                     "sctp.parameter_reconfig_response_sequence_number",
                     "sctp.parameter_senders_last_assigned_tsn",
                     "sctp.parameter_reconfig_response_result",
                     "sctp.parameter_reconfig_sid"], "number")
    | dict.fromkeys(["sctp.srcport", "sctp.dstport", "sctp.verification_tag",
                           "sctp.checksum.status", "sctp.chunk_type", "sctp.chunk_flags",
                           "sctp.chunk_length", "sctp.init_initiate_tag", "sctp.init_credit",
                           "sctp.init_nr_out_streams", "sctp.init_nr_in_streams",
                           "sctp.init_initial_tsn", "sctp.initack_initiate_tag",
                           "sctp.initack_credit", "sctp.initack_nr_out_streams",
                           "sctp.initack_nr_in_streams", "sctp.initack_initial_tsn",
                           "sctp.data_tsn_raw", "sctp.data_sid", "sctp.data_ssn",
                           "sctp.data_payload_proto_id", "sctp.data_b_bit", "sctp.data_e_bit",
                           "sctp.data_u_bit", "sctp.data_i_bit",
                           "sctp.sack_cumulative_tsn_ack_raw", "sctp.sack_a_rwnd",
                           "sctp.sack_number_of_gap_blocks",
                           "sctp.sack_number_of_duplicated_tsns", "sctp.sack_gap_block_start",
                           "sctp.sack_gap_block_end"], "number"),
}

# What tshark is asked for to put "rate" and "nack" together.
HELPERS = {"rtcp": ["rtcp.psfb.remb.fci.br_exp", "rtcp.psfb.remb.fci.br_mantissa",
                    "rtcp.rtpfb.nack_pid"]}

ADDRESSES = {"stun.att.ipv4", "stun.att.ipv6", "stun.att.port"}


def within(a, b):
    """All of a stands in b, in that order."""
    rest = iter(b)
    return all(value in rest for value in a)


def attributes(data):
    at, types = 20, []
    while at + 4 <= len(data):
        types.append(int.from_bytes(data[at:at + 2], "big"))
        at += 4 + (int.from_bytes(data[at + 2:at + 4], "big") + 3 & ~3)
    return types


def before_nul(text):
    return re.match(r".(?:(?!00)..)*", text)[0]


def not_all_count(types):
    """Addresses that are not mapped ones, or that RFC 8489 section 14 says to ignore."""
    mapped = [i for i, t in enumerate(types) if t in (0x0001, 0x0020)]
    hmac = min([i for i, t in enumerate(types) if t in (0x0008, 0x001c)], default=len(types))
    return len(set(types) - {0x0001, 0x0020}) > 0 and (
        set(types) & {0x0012, 0x0016, 0x0027, 0x8023, 0x802b, 0x802c}
        or any(i > hmac for i in mapped) or len({types[i] for i in mapped}) < len(mapped))


EXCEPTIONS = {
    "stun": [
        ("taut gives the mapped addresses, the first of each, before an HMAC; tshark all addresses",
         lambda field, a, b, us, them, data:
         field in ADDRESSES and within(a, b) and not_all_count(attributes(data))),
        ("tshark gives no text that is empty or begins with NUL",
         lambda field, a, b, us, them, data: len(a) == 1 and b == [] and (a == ["x"] or a[0].startswith("x00"))),
        ("of an attribute that is there twice taut takes the first (RFC 8489 section 14), tshark all",
         lambda field, a, b, us, them, data:
         field not in ADDRESSES and len(a) == 1 and len(b) > 1 and a == b[:1]),
    ],
    "rtp": [
        ("an element with id 0 and a length: taut stops there, tshark reads on",
         lambda field, a, b, us, them, data:
         field.startswith("rtp.ext.rfc5285") and a == b[:len(a)]
         and them["rtp.ext.rfc5285.id"][len(us["rtp.ext.rfc5285.id"])] == "0"),
        ("tshark takes payload type 99 for redundant audio and looks inside",
         lambda field, a, b, us, them, data:
         field in ("rtp.p_type", "rtp.payload") and us["rtp.p_type"] == ["99"] and a == b[:1]),
    ],
    "rtcp": [
        ("taut does not read the SSRC of an APP, nor what blocks of XR hold but RRTR and DLRR",
         lambda field, a, b, us, them, data:
         field in ("rtcp.ssrc.identifier", "rtcp.ssrc.fraction") and within(a, b)
         and len(b) - len(a) <= (us["rtcp.pt"].count("204") if field == "rtcp.ssrc.identifier" else 0)
         + sum(t not in ("4", "5") for t in us["rtcp.xr.bt"])),
        ("tshark does not know types 192 and 195 and reads no further",
         lambda field, a, b, us, them, data:
         {"192", "195"} & set(us["rtcp.pt"])
         and (within(b, a) or field == "rtcp.ssrc.identifier")),
        ("tshark takes the padding of a BYE for a reason",
         lambda field, a, b, us, them, data:
         field == "rtcp.sdes.length" and a == b[:-1] and "203" in us["rtcp.pt"]),
        ("tshark gives no text that is empty, and of others what comes before a NUL",
         lambda field, a, b, us, them, data:
         field == "rtcp.sdes.text" and [t for t in map(before_nul, a) if t != "x"] == b),
    ],
    "sctp": [
        ("the verdict is compared by itself, also of packets that are refused",
         lambda field, a, b, us, them, data: field == "sctp.checksum.status"),
        ("tshark takes parameter 0xC001 for an address to be added (RFC 5061) and looks inside",
         lambda field, a, b, us, them, data:
         field.startswith("sctp.parameter_") and "49153" in us["sctp.parameter_type"]),
    ],
}
