/* ladder.c - libnice as an agent of the ladder of set-up times (bench/ladder/ladder.h): one stream with one
 * component, trickling, without UPnP and TCP, which ours does not do here either. */
#include <glib-unix.h>
#include <nice/agent.h>

#include "../../ladder/ladder.h"

static struct agent {
	struct ladder ladder;
	GMainLoop *loop;
	NiceAgent *agent;
	guint stream;
} agent;

enum { COMPONENT = 1 };

static void on_candidate(NiceAgent *a, NiceCandidate *c, gpointer user)
{
	gchar *text = nice_agent_generate_local_candidate_sdp(a, c);
	gchar *message = g_strconcat("c", text, NULL);

	(void)user;
	ladder_say_candidate(&agent.ladder, text);
	ladder_send(message);
	g_free(message);
	g_free(text);
}

static void on_gathered(NiceAgent *a, guint stream, gpointer user)
{
	(void)a, (void)stream, (void)user;
	ladder_say(&agent.ladder, LADDER_GATHERED);
	ladder_send("c");
}

static void on_state(NiceAgent *a, guint stream, guint component, guint state, gpointer user)
{
	(void)a, (void)stream, (void)component, (void)user;
	if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
		ladder_say(&agent.ladder, LADDER_CONNECTED);
	if (state == NICE_COMPONENT_STATE_READY)
		ladder_say(&agent.ladder, LADDER_NOMINATED);
	if (state == NICE_COMPONENT_STATE_FAILED)
		ladder_say(&agent.ladder, LADDER_FAILED);
}

static void on_data(NiceAgent *a, guint stream, guint component, guint len, gchar *buf,
		    gpointer user)
{
	(void)a, (void)stream, (void)component, (void)len, (void)buf, (void)user;
}

static void begin(void)
{
	gchar *ufrag = NULL, *pwd = NULL;

	ladder_say(&agent.ladder, LADDER_BEGAN);
	nice_agent_get_local_credentials(agent.agent, agent.stream, &ufrag, &pwd);
	gchar *message = g_strdup_printf("u%s %s", ufrag, pwd);
	ladder_send(message);
	g_free(message);
	g_free(ufrag);
	g_free(pwd);
	if (!nice_agent_gather_candidates(agent.agent, agent.stream))
		ladder_say(&agent.ladder, LADDER_FAILED);
}

static void take_candidate(const char *text)
{
	NiceCandidate *c = nice_agent_parse_remote_candidate_sdp(agent.agent, agent.stream, text);
	GSList *list = c ? g_slist_append(NULL, c) : NULL;

	if (!list)
		return;
	nice_agent_set_remote_candidates(agent.agent, agent.stream, COMPONENT, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
}

static void take(char *message, size_t len)
{
	if (message[0] == 'u') {
		char *blank = strchr(message, ' ');
		*blank = '\0';
		if (!agent.ladder.offers)
			begin();
		nice_agent_set_remote_credentials(agent.agent, agent.stream, message + 1,
						  blank + 1);
	} else if (len > 1) {
		take_candidate(message + 1);
	} else {
		nice_agent_peer_candidate_gathering_done(agent.agent, agent.stream);
	}
}

static gboolean on_message(gint fd, GIOCondition condition, gpointer user)
{
	static char message[LADDER_MESSAGE];
	const size_t len = ladder_receive(message);

	(void)fd, (void)condition, (void)user;
	if (len > 0)
		take(message, len);
	else
		g_main_loop_quit(agent.loop);
	return len > 0;
}

/* "go", or the end. */
static gboolean on_driver(gint fd, GIOCondition condition, gpointer user)
{
	char line[16];

	(void)fd, (void)condition, (void)user;
	if (!fgets(line, sizeof line, stdin)) {
		g_main_loop_quit(agent.loop);
		return FALSE;
	}
	begin();
	return TRUE;
}

static void open_agent(void)
{
	const struct ladder *l = &agent.ladder;
	const bool regular = l->nomination && strcmp(l->nomination, "regular") == 0;

	agent.loop = g_main_loop_new(NULL, FALSE);
	agent.agent = nice_agent_new_full(
		g_main_loop_get_context(agent.loop), NICE_COMPATIBILITY_RFC5245,
		NICE_AGENT_OPTION_ICE_TRICKLE |
			(regular ? NICE_AGENT_OPTION_REGULAR_NOMINATION : NICE_AGENT_OPTION_NONE));
	g_object_set(agent.agent, "controlling-mode", (gboolean)l->offers, "upnp", FALSE, "ice-tcp",
		     FALSE, "force-relay", (gboolean)l->relay_only, NULL);
	if (l->stun)
		g_object_set(agent.agent, "stun-server", l->stun, "stun-server-port", l->stun_port,
			     NULL);
	g_signal_connect(agent.agent, "new-candidate-full", G_CALLBACK(on_candidate), NULL);
	g_signal_connect(agent.agent, "candidate-gathering-done", G_CALLBACK(on_gathered), NULL);
	g_signal_connect(agent.agent, "component-state-changed", G_CALLBACK(on_state), NULL);
	agent.stream = nice_agent_add_stream(agent.agent, COMPONENT);
	nice_agent_set_stream_name(agent.agent, agent.stream, "application");
	if (l->turn)
		nice_agent_set_relay_info(agent.agent, agent.stream, COMPONENT, l->turn,
					  l->turn_port, l->user, l->password,
					  NICE_RELAY_TYPE_TURN_UDP);
	nice_agent_attach_recv(agent.agent, agent.stream, COMPONENT,
			       g_main_loop_get_context(agent.loop), on_data, NULL);
}

static void on_closed(GObject *a, GAsyncResult *result, gpointer user)
{
	(void)a, (void)result, (void)user;
	g_main_loop_quit(agent.loop);
}

int main(int argc, char **argv)
{
	ladder_options(&agent.ladder, argc, argv);
	open_agent();
	(void)g_unix_fd_add(LADDER_PEER, G_IO_IN | G_IO_HUP, on_message, NULL);
	(void)g_unix_fd_add(0, G_IO_IN | G_IO_HUP, on_driver, NULL);
	puts("ready");
	g_main_loop_run(agent.loop);
	nice_agent_close_async(agent.agent, on_closed,
			       NULL); /* what TURN servers lent is given back */
	g_main_loop_run(agent.loop);
	g_object_unref(agent.agent);
	return 0;
}
