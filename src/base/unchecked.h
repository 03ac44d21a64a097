/* unchecked.h - the one thing that a fuzzing build does otherwise.
 *
 * Nobody finds a CRC32c, an HMAC or a tag by trying, so to a fuzzer all that lies behind them is
 * shut. In its build they are there and not compared: of CRC32c (SCTP), FINGERPRINT and
 * MESSAGE-INTEGRITY (STUN), the state cookie (SCTP) and the authentication tag (SRTP). Those of DTLS
 * records are compared: nothing lies behind them but OpenSSL, which compares them too, and data. What such
 * a build takes, anybody can forge; the name of the macro, which libFuzzer, AFL++ and others
 * agreed on, says so. A test sees to it that no other build has it. */
#ifndef TAUT_BASE_UNCHECKED_H
#define TAUT_BASE_UNCHECKED_H

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { TT_UNCHECKED = 1 };
#else
enum { TT_UNCHECKED = 0 };
#endif

#endif
