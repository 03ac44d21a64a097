/* channel_peer.c - a connection with data channels only, which is told what to do (told.h). What channels.mjs drives
 * beside a browser.
 *
 *     {"id": 1, "do": "open", "label": "a", "unordered": true, "retransmits": 3}   ->   {"id": 1, "channel": 1}
 *     {"id": 2, "do": "send", "channel": 1, "seed": 7, "count": 100, "sizes": [1, 65536]}
 *
 * What is sent is drawn from the seed when there is room for it, and of what comes only a hash is kept, so that a
 * file may be larger than the memory: the chain SHA-256(chain, SHA-256(message)), which depends on the
 * order, and all SHA-256(message) by exclusive or, which does not. Both ends keep both of what they send as well.
 * Of the first 256 the beginning of each hash is kept. Of a channel whose label begins with "plain" messages are
 * counted and not hashed. */
#include "told.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { CHANNELS = 4096, SIZES = 64, HASH = 32, FIRST = 256, SHORT = 4, MESSAGE_MAX = 1 << 20 };
enum { HIGH = 4 << 20, LOW = 1 << 20 };

struct tally {
	uint64_t messages, bytes, texts;
	uint8_t chain[HASH], any_order[HASH], each[FIRST][SHORT];
	taut_time first, last;
};

struct work {
	uint32_t random;
	uint64_t count, next;
	size_t sizes[SIZES], size_count;
	bool text;
};

struct channel {
	taut_channel ch;
	bool plain, opened, closed;
	uint32_t closing_reason;
	struct work work;
	struct tally sent, got;
	char why[128]; /* a message was refused */
};

static struct channel channels[CHANNELS];
static size_t channel_count;
static uint8_t message[MESSAGE_MAX + 4];

static struct channel *find(taut_channel ch)
{
	/* the newest first: a handle may come again */
	for (size_t i = channel_count; i > 0; i--)
		if (channels[i - 1].ch == ch)
			return &channels[i - 1];
	return NULL;
}

static struct channel *add(taut_channel ch)
{
	const struct taut_channel_info *info = taut_pc_channel_info(told.pc, ch);

	if (channel_count == CHANNELS)
		abort();
	struct channel *c = &channels[channel_count++];
	c->ch = ch;
	c->plain = info && strncmp(info->label, "plain", 5) == 0;
	(void)taut_pc_set_buffered_amount_low_threshold(told.pc, ch, LOW);
	return c;
}

/* ---- hashes ---- */

static void digest(const void *data, size_t len, uint8_t out[HASH])
{
	if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static void count(struct tally *t, bool hashed, const void *data, size_t len, bool text)
{
	uint8_t both[2 * HASH];

	t->last = told_now();
	if (t->messages++ == 0)
		t->first = t->last;
	t->bytes += len;
	t->texts += text;
	if (!hashed)
		return;
	memcpy(both, t->chain, HASH);
	digest(data, len, both + HASH);
	if (t->messages <= FIRST)
		memcpy(t->each[t->messages - 1], both + HASH, SHORT);
	digest(both, sizeof both, t->chain);
	for (size_t i = 0; i < HASH; i++)
		t->any_order[i] ^= both[HASH + i];
}

/* ---- sending ---- */

/* xorshift32, four octets for each number, the lowest first; of text six bits of each, from the space on. */
static void draw(struct work *w, size_t len)
{
	uint32_t x = w->random;

	for (size_t i = 0; i < len; i += 4) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		const uint32_t v = w->text ? (x & 0x3f3f3f3f) + 0x20202020 : x;
		for (unsigned k = 0; k < 4; k++)
			message[i + k] = (uint8_t)(v >> 8 * k);
	}
	w->random = x;
}

static int send_next(struct channel *c, size_t len)
{
	const uint32_t before = c->work.random;

	if (!c->plain)
		draw(&c->work, len);
	const int err =
		taut_pc_send_message(told.pc, told_now(), c->ch, !c->work.text, message, len);
	if (err)
		c->work.random = before;
	return err;
}

/* As much as there is room for; BUFFERED_AMOUNT_LOW goes on. */
static void send_more(struct channel *c)
{
	struct work *w = &c->work;

	while (w->next < w->count && taut_pc_buffered_amount(told.pc, c->ch) < HIGH) {
		const size_t len = w->sizes[w->next % w->size_count];
		const int err = send_next(c, len);
		if (err == TAUT_E_AGAIN)
			return;
		if (err) {
			const struct taut_error *e = taut_pc_error(told.pc);
			(void)snprintf(c->why, sizeof c->why, "%d: %s", err,
				       e->message ? e->message : "");
			w->count = w->next;
			return;
		}
		w->next++;
		count(&c->sent, !c->plain, message, len, w->text);
	}
}

/* ---- events ---- */

static void on_channel_event(const struct taut_event *ev)
{
	struct channel *c = find(ev->channel);

	if (!c)
		return;
	switch (ev->type) {
	case TAUT_EV_OPEN:
		c->opened = true;
		send_more(c);
		break;
	case TAUT_EV_MESSAGE:
		count(&c->got, !c->plain, ev->data, ev->len, ev->number == 0);
		break;
	case TAUT_EV_BUFFERED_AMOUNT_LOW:
		send_more(c);
		break;
	case TAUT_EV_CLOSING:
		c->closing_reason = ev->reason;
		break;
	case TAUT_EV_CLOSE:
		c->closed = true;
		break;
	default:
		break;
	}
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)user, (void)pc;
	if (ev->type == TAUT_EV_GATHERING_STATE)
		told.gathered = ev->number == TAUT_GATHERING_COMPLETE;
	else if (ev->type == TAUT_EV_DATA_CHANNEL)
		add(ev->channel)->opened = true; /* RFC 8832 section 6: it may be used at once */
	else
		on_channel_event(ev);
}

/* ---- words ---- */

static int do_open(const json_t *in, json_t *out)
{
	const struct taut_data_channel_init init = {
		.size = sizeof init,
		.label = told_text(in, "label"),
		.protocol = told_text(in, "protocol"),
		.unordered = json_is_true(json_object_get(in, "unordered")),
		.negotiated = json_is_true(json_object_get(in, "negotiated")),
		.id = (uint16_t)told_number(in, "stream"),
		.max_packet_life_time = (int32_t)told_number(in, "lifetime"),
		.max_retransmits = json_object_get(in, "retransmits")
					   ? (int32_t)told_number(in, "retransmits") + 1
					   : 0,
	};
	taut_channel ch = 0;
	const int err = taut_pc_create_data_channel(told.pc, told_now(), &init, &ch);

	if (!err)
		add(ch);
	json_object_set_new(out, "channel", json_integer(ch));
	return err;
}

static int do_send(const json_t *in, json_t *out)
{
	struct channel *c = find((taut_channel)told_number(in, "channel"));
	const json_t *size;
	size_t i;

	(void)out;
	if (!c)
		return TAUT_E_GONE;
	struct work *w = &c->work;
	*w = (struct work){ .random = (uint32_t)told_number(in, "seed"),
			    .count = (uint64_t)told_number(in, "count"),
			    .text = json_is_true(json_object_get(in, "text")) };
	json_array_foreach(json_object_get(in, "sizes"), i,
			   size) if (i < SIZES && json_integer_value(size) <= MESSAGE_MAX)
		w->sizes[w->size_count++] = (size_t)json_integer_value(size);
	if (w->size_count == 0 || w->random == 0)
		return TAUT_E_INVAL;
	if (c->opened)
		send_more(c);
	return TAUT_OK;
}

static int do_close(const json_t *in, json_t *out)
{
	(void)out;
	return taut_pc_close_channel(told.pc, told_now(), (taut_channel)told_number(in, "channel"));
}

static json_t *hex(const uint8_t *hash, size_t len)
{
	char text[2 * HASH + 1];

	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
	return json_string(text);
}

static json_t *tally(const struct tally *t)
{
	json_t *each = json_array();

	for (size_t i = 0; i < t->messages && i < FIRST; i++)
		json_array_append_new(each, hex(t->each[i], SHORT));
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:I}", "messages", (json_int_t)t->messages,
			 "bytes", (json_int_t)t->bytes, "texts", (json_int_t)t->texts, "chain",
			 hex(t->chain, HASH), "anyOrder", hex(t->any_order, HASH), "each", each,
			 "us", (json_int_t)(t->last - t->first));
}

static json_t *channel(const struct channel *c)
{
	const struct taut_channel_info *info = taut_pc_channel_info(told.pc, c->ch);
	json_t *o = json_pack("{s:i, s:b, s:b, s:i, s:s, s:b, s:o, s:o}", "channel", (int)c->ch,
			      "opened", c->opened, "closed", c->closed, "closingReason",
			      (int)c->closing_reason, "why", c->why, "sending",
			      c->work.next < c->work.count, "sent", tally(&c->sent), "got",
			      tally(&c->got));

	if (info && !c->closed)
		json_object_update_new(
			o, json_pack("{s:s, s:s, s:i, s:b, s:b, s:i, s:i}", "label", info->label,
				     "protocol", info->protocol, "stream", (int)info->id, "ordered",
				     !info->unordered, "negotiated", info->negotiated, "lifetime",
				     (int)info->max_packet_life_time, "retransmits",
				     (int)info->max_retransmits));
	return o;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* from: of the channels since that many. */
static int do_state(const json_t *in, json_t *out)
{
	struct rusage u;
	json_t *list = json_array();

	for (size_t i = (size_t)told_number(in, "from"); i < channel_count; i++)
		json_array_append_new(list, channel(&channels[i]));
	(void)getrusage(RUSAGE_SELF, &u);
	json_object_set_new(out, "connection",
			    json_string(told_states[taut_pc_connection_state(told.pc)]));
	json_object_set_new(out, "channels", list);
	json_object_set_new(out, "most", json_integer(taut_pc_max_message_size(told.pc)));
	json_object_set_new(out, "peakKb", json_integer(u.ru_maxrss));
	json_object_set_new(out, "cpu", json_real(seconds(u.ru_utime) + seconds(u.ru_stime)));
	return TAUT_OK;
}

static const struct told_word words[] = {
	{ "open", do_open },
	{ "send", do_send },
	{ "close", do_close },
	{ "state", do_state },
};

int main(void)
{
	const struct taut_config cfg = { .size = sizeof cfg };

	told.words = words;
	told.word_count = sizeof words / sizeof words[0];
	return told_open(&cfg, on_event) ? told_run() : 1;
}
