/* controlled_shutdown.c - one request to the controller, repeated until nothing is left or the tries are spent. */
#include "broker/controlled_shutdown.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "metadata/image.h"
#include "net/rpc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"

#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/logger.h"

enum { PAUSE_STEP_MS = 20 };

/* The controller as the metadata name it; NULL when there is none with an address. */
static struct rpc *rpc_to_controller(const struct controlled_shutdown *c)
{
	struct image *image = metadata_image(c->metadata);
	const struct image_broker *b = image_broker(image, image_controller(image));
	const struct image_endpoint *e = b ? image_broker_endpoint(b, c->listener) : NULL;
	struct rpc *rpc = NULL;
	char client_id[16];

	snprintf(client_id, sizeof(client_id), "%d", (int)c->broker_id);
	if (e)
		rpc = rpc_new(&(struct rpc_config){ .host = e->host, .port = e->port, .client_id = client_id });
	image_unref(image);
	return rpc;
}

/* 0: done; KERR as answered; -EAGAIN: partitions are left; -errno. */
static int judge(const struct controlled_shutdown *c, const struct controlled_shutdown_response *out)
{
	if (out->error_code) {
		log_info("[KafkaServer id=%d] Error from controller: %s", (int)c->broker_id,
		    kerr_name(out->error_code));
		return out->error_code;
	}
	if (out->remaining_partitions_n > 0) {
		log_info("[KafkaServer id=%d] %d partitions are still led here", (int)c->broker_id,
		    (int)out->remaining_partitions_n);
		return -EAGAIN;
	}
	return 0;
}

static int ask(const struct controlled_shutdown *c, struct rpc *rpc)
{
	int version = metadata_version_of_request(c->metadata_version, API_CONTROLLED_SHUTDOWN);
	struct controlled_shutdown_response out;
	struct controlled_shutdown_request in;
	struct arena a;
	int r = rpc_connect(rpc, clock_mono_ms(&clock_real) + c->connect_timeout_ms);

	if (r)
		return FAIL(r);
	CODEC_INIT(controlled_shutdown_request, &in);
	in.broker_id = c->broker_id;
	in.broker_epoch = c->broker_epoch;
	arena_init(&a, 0);
	r = rpc_call(rpc, API_CONTROLLED_SHUTDOWN, version, &in, &a, &out,
	    clock_mono_ms(&clock_real) + c->request_timeout_ms);
	if (!r)
		r = judge(c, &out);
	arena_fini(&a);
	return r;
}

static int try_once(const struct controlled_shutdown *c)
{
	struct rpc *rpc = rpc_to_controller(c);
	char text[256];
	int r;

	if (!rpc) {
		log_info("[KafkaServer id=%d] No controller is known to ask for a controlled shutdown", (int)c->broker_id);
		return -EAGAIN;
	}
	r = ask(c, rpc);
	rpc_free(rpc);
	if (r < 0 && r != -EAGAIN)
		log_warn("[KafkaServer id=%d] Error during controlled shutdown, possibly because leader movement took "
			 "longer than the configured controller.socket.timeout.ms and/or request.timeout.ms: %s",
		    (int)c->broker_id, error_text(r, text, sizeof(text)));
	return r;
}

static int32_t known_controller(const struct controlled_shutdown *c)
{
	struct image *image = metadata_image(c->metadata);
	int32_t id = image_controller(image);

	image_unref(image);
	return id;
}

/* Nobody could take anything over. */
static bool is_alone(const struct controlled_shutdown *c)
{
	struct image *image = metadata_image(c->metadata);
	const struct image_broker *const *brokers;
	int32_t n = image_brokers(image, &brokers);

	image_unref(image);
	return n <= 1;
}

/* Until the next try; a new controller ends it early, since brokers are often stopped one right after the other. */
static void pause_before_retry(const struct controlled_shutdown *c, int32_t asked)
{
	const struct timespec step = { .tv_nsec = PAUSE_STEP_MS * 1000000 };
	int64_t until = clock_mono_ms(&clock_real) + c->retry_backoff_ms;

	while (clock_mono_ms(&clock_real) < until && known_controller(c) == asked)
		(void)nanosleep(&step, NULL);
}

int controlled_shutdown_run(const struct controlled_shutdown *c)
{
	int32_t asked;

	log_info("[KafkaServer id=%d] Starting controlled shutdown", (int)c->broker_id);
	for (int32_t left = c->max_retries; left > 0; left--) {
		if (is_alone(c)) {
			log_info("[KafkaServer id=%d] No other broker is left to take over", (int)c->broker_id);
			return 0;
		}
		asked = known_controller(c);
		if (try_once(c) == 0) {
			log_info("[KafkaServer id=%d] Controlled shutdown request returned successfully",
			    (int)c->broker_id);
			return 0;
		}
		if (left > 1) {
			log_warn("[KafkaServer id=%d] Retrying controlled shutdown after the previous attempt failed...",
			    (int)c->broker_id);
			pause_before_retry(c, asked);
		}
	}
	log_warn("[KafkaServer id=%d] Proceeding to do an unclean shutdown as all the controlled shutdown attempts failed",
	    (int)c->broker_id);
	return -ETIMEDOUT;
}
