/* channels.c - a file goes over a data channel no faster than the network takes it.
 *
 *     example_channels
 *
 * A channel of its own for what may be lost, how much waits, and how channels end. */
#include <string.h>

#include "pair.h"

#define FILE_SIZE (4 * 1024 * 1024)
#define PIECE     65536  /* what every browser takes in one message */
#define LOW       262144 /* with less than so much waiting there is room for more */

static taut_channel file, position;
static size_t sent, got, got_in_block, given_back;
static int connected, all_here, closed;

/* Lent memory comes back here, once for each message: now it may be changed or freed. */
static void is_given_back(void *count)
{
	++*(size_t *)count;
}

static void send_file(void)
{
	static const uint8_t piece[PIECE];
	taut_pc *pc = pair.pc[ADA];

	for (; sent < FILE_SIZE; sent += PIECE) {
		if (taut_pc_buffered_amount(pc, file) >= 2 * LOW)
			return; /* enough waits; an event comes when it is less than LOW */
		const int err = taut_pc_send_lent(pc, pair_now(), file, 1, piece, PIECE,
						  is_given_back, &given_back);
		if (err == TAUT_E_AGAIN)
			return; /* all channels together have too much; the event comes as well */
		expect(err == TAUT_OK, "a piece is sent");
	}
}

static void send_position(void)
{
	const struct taut_piece text[] = { { "{\"x\":", 5 }, { "1", 1 }, { "}", 1 } };

	expect(taut_pc_send_pieces(pair.pc[ADA], pair_now(), position, 0, text, 3) == TAUT_OK,
	       "a position is sent");
}

/* Each piece of the file is put together in here while it is lent; what comes in between lies in memory of taut's. */
static uint8_t block[PIECE];

static void lend_block(taut_pc *pc, taut_channel channel)
{
	expect(taut_pc_receive_into(pc, channel, block, sizeof block) == TAUT_OK,
	       "there is memory for a piece");
}

static void on_opened_here(taut_channel channel)
{
	if (channel == file)
		send_file();
	if (channel == position)
		send_position();
}

static void on_peers_channel(taut_pc *pc, taut_channel channel)
{
	const struct taut_channel_info *info = taut_pc_channel_info(pc, channel);

	printf("Bob is given \"%s\", which is %s\n", info->label,
	       info->unordered ? "unordered" : "ordered");
	if (strcmp(info->label, "file") == 0)
		lend_block(pc, channel);
	if (strcmp(info->label, "position") == 0)
		expect(info->max_retransmits == 1, "what is lost of it stays lost");
}

static void on_message(taut_pc *pc, const struct taut_event *ev)
{
	if (!ev->number) { /* text */
		printf("Bob reads %.*s\n", (int)ev->len, (const char *)ev->data);
		return;
	}
	got += ev->len;
	if (ev->data == block) { /* with this event it is ours again */
		got_in_block += ev->len;
		lend_block(pc, ev->channel);
	}
	if (got < FILE_SIZE)
		return;
	all_here = 1;
	expect(taut_pc_close_channel(pc, pair_now(), ev->channel) == TAUT_OK, "it is closed");
}

static void on_event(int who, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_CONNECTION_STATE && ev->number == TAUT_STATE_CONNECTED)
		connected = 1;
	if (ev->type == TAUT_EV_OPEN && who == ADA)
		on_opened_here(ev->channel);
	if (ev->type == TAUT_EV_DATA_CHANNEL)
		on_peers_channel(pair.pc[who], ev->channel);
	if (ev->type == TAUT_EV_BUFFERED_AMOUNT_LOW)
		send_file();
	if (ev->type == TAUT_EV_MESSAGE)
		on_message(pair.pc[who], ev);
	if (ev->type == TAUT_EV_CLOSE && who == ADA)
		closed |= ev->channel == file;
}

int main(void)
{
	const struct taut_data_channel_init reliable = { .size = sizeof reliable, .label = "file" };
	const struct taut_data_channel_init latest = {
		.size = sizeof latest, .label = "position", .unordered = 1, .max_retransmits = 1
	};

	pair_open(NULL, on_event);
	taut_pc *ada = pair.pc[ADA];
	expect(taut_pc_create_data_channel(ada, pair_now(), &reliable, &file) == TAUT_OK,
	       "a channel is made");
	expect(taut_pc_create_data_channel(ada, pair_now(), &latest, &position) == TAUT_OK,
	       "so is another");
	expect(taut_pc_set_buffered_amount_low_threshold(ada, file, LOW) == TAUT_OK,
	       "the event comes when so much is left");
	pair_negotiate();
	pair_run_until(&connected);
	pair_run_until(&all_here);
	pair_run_until(&closed);
	expect(given_back == FILE_SIZE / PIECE, "all that was lent is given back");
	printf("%zu octets are over, and the channel is closed\n", got);
	expect(got_in_block > 0, "some of them came into the block");
	expect(taut_pc_channel_info(ada, file) == NULL, "its number is stale");
	pair_close();
	return 0;
}
