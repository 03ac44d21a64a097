/* stun_names.c - see stun_names.h: the registries of RFC 8489, 8445, 8656 and 5780. */
#include "trace/stun_names.h"

#include <stddef.h>

#include "base/num.h"
#include "trace/trace_line.h"

static const struct tt_name methods[] = {
	{ 0x001, "Binding" },     { 0x003, "Allocate" }, { 0x004, "Refresh" },
	{ 0x006, "Send" },        { 0x007, "Data" },     { 0x008, "CreatePermission" },
	{ 0x009, "ChannelBind" }, { 0, NULL },
};

static const struct tt_stun_name attributes[] = {
	{ 0x0001, "MAPPED-ADDRESS", "8489 14.1", TT_VALUE_ADDRESS },
	{ 0x0003, "CHANGE-REQUEST", "5780 7.2", TT_VALUE_NUMBER },
	{ 0x0006, "USERNAME", "8489 14.3", TT_VALUE_TEXT },
	{ 0x0008, "MESSAGE-INTEGRITY", "8489 14.5", TT_VALUE_HASH },
	{ 0x0009, "ERROR-CODE", "8489 14.8", TT_VALUE_ERROR },
	{ 0x000a, "UNKNOWN-ATTRIBUTES", "8489 14.13", TT_VALUE_TYPES },
	{ 0x000c, "CHANNEL-NUMBER", "8656 18.1", TT_VALUE_CHANNEL },
	{ 0x000d, "LIFETIME", "8656 18.2", TT_VALUE_NUMBER },
	{ 0x0012, "XOR-PEER-ADDRESS", "8656 18.3", TT_VALUE_XORED },
	{ 0x0013, "DATA", "8656 18.4", TT_VALUE_DATA },
	{ 0x0014, "REALM", "8489 14.9", TT_VALUE_TEXT },
	{ 0x0015, "NONCE", "8489 14.10", TT_VALUE_TEXT },
	{ 0x0016, "XOR-RELAYED-ADDRESS", "8656 18.5", TT_VALUE_XORED },
	{ 0x0017, "REQUESTED-ADDRESS-FAMILY", "8656 18.6", TT_VALUE_FAMILY },
	{ 0x0018, "EVEN-PORT", "8656 18.7", TT_VALUE_EVEN_PORT },
	{ 0x0019, "REQUESTED-TRANSPORT", "8656 18.8", TT_VALUE_TRANSPORT },
	{ 0x001a, "DONT-FRAGMENT", "8656 18.9", TT_VALUE_NOTHING },
	{ 0x001c, "MESSAGE-INTEGRITY-SHA256", "8489 14.6", TT_VALUE_HASH },
	{ 0x001d, "PASSWORD-ALGORITHM", "8489 14.12", TT_VALUE_ALGORITHMS },
	{ 0x001e, "USERHASH", "8489 14.4", TT_VALUE_OCTETS },
	{ 0x0020, "XOR-MAPPED-ADDRESS", "8489 14.2", TT_VALUE_XORED },
	{ 0x0022, "RESERVATION-TOKEN", "8656 18.10", TT_VALUE_OCTETS },
	{ 0x0024, "PRIORITY", "8445 7.1.1", TT_VALUE_PRIORITY },
	{ 0x0025, "USE-CANDIDATE", "8445 7.1.2", TT_VALUE_NOTHING },
	{ 0x8000, "ADDITIONAL-ADDRESS-FAMILY", "8656 18.11", TT_VALUE_FAMILY },
	{ 0x8001, "ADDRESS-ERROR-CODE", "8656 18.12", TT_VALUE_FAMILY_ERROR },
	{ 0x8002, "PASSWORD-ALGORITHMS", "8489 14.11", TT_VALUE_ALGORITHMS },
	{ 0x8003, "ALTERNATE-DOMAIN", "8489 14.16", TT_VALUE_TEXT },
	{ 0x8022, "SOFTWARE", "8489 14.14", TT_VALUE_TEXT },
	{ 0x8023, "ALTERNATE-SERVER", "8489 14.15", TT_VALUE_ADDRESS },
	{ 0x8028, "FINGERPRINT", "8489 14.7", TT_VALUE_FINGERPRINT },
	{ 0x8029, "ICE-CONTROLLED", "8445 7.1.3", TT_VALUE_TIEBREAKER },
	{ 0x802a, "ICE-CONTROLLING", "8445 7.1.3", TT_VALUE_TIEBREAKER },
	{ 0x802b, "RESPONSE-ORIGIN", "5780 7.3", TT_VALUE_ADDRESS },
	{ 0x802c, "OTHER-ADDRESS", "5780 7.4", TT_VALUE_ADDRESS },
	{ 0xc001, "NOMINATION", "libwebrtc", TT_VALUE_NUMBER },
	{ 0xc057, "GOOG-NETWORK-INFO", "libwebrtc", TT_VALUE_NETWORK },
};

const struct tt_stun_name *tt_stun_attribute_name(uint16_t type)
{
	for (size_t i = 0; i < TT_COUNT(attributes); i++)
		if (attributes[i].number == type)
			return &attributes[i];
	return NULL;
}

const char *tt_stun_method_name(uint32_t method)
{
	return tt_name_of(methods, method);
}
