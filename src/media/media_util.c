/* media_util.c - errors with a text, configurations, and the list of codecs. */
#include "media/media_util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

int tt_media_fail(struct taut_media_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	error->code = code;
	va_start(args, format);
	if (vsnprintf(error->text, sizeof error->text, format, args) < 0)
		error->text[0] = '\0';
	va_end(args);
	return code;
}

int tt_media_config(void *to, size_t to_size, const void *from)
{
	const unsigned char *bytes = from;
	size_t size = 0;

	memset(to, 0, to_size);
	if (!from)
		return TAUT_E_INVAL;
	memcpy(&size, from, sizeof size);
	if (size < sizeof size)
		return TAUT_E_INVAL;
	for (size_t i = to_size; i < size; i++)
		if (bytes[i] != 0)
			return TAUT_E_UNSUPPORTED;
	memcpy(to, from, tt_min(size, to_size));
	return TAUT_OK;
}

int tt_media_give(void *to, const void *from, size_t from_size)
{
	size_t size = 0;

	if (to)
		memcpy(&size, to, sizeof size);
	if (size < sizeof size)
		return TAUT_E_INVAL;
	memset(to, 0, size);
	memcpy(to, from, tt_min(size, from_size));
	memcpy(to, &size, sizeof size);
	return TAUT_OK;
}

const struct taut_codec *taut_media_codecs(size_t *count)
{
	static const struct taut_codec codecs[] = {
		{ .size = sizeof codecs[0],
		  .mime = "audio/opus",
		  .clock_rate = 48000,
		  .channels = 2,
		  .fmtp = "minptime=10;useinbandfec=1" }, /* RFC 7587 section 6.1 */
		{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
	};

	if (count)
		*count = TT_COUNT(codecs);
	return codecs;
}
