/* test_channel.c - requests to a broker go out in order, again after a failure, and never after the channel's end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "controller/channel.h"
#include "protocol/messages.h"

enum { MAX_SENT = 64 };

/* A broker that notes what it is sent, and fails as often as told. */
struct fake {
	struct lock lock;
	struct cond changed;
	enum control_kind sent[MAX_SENT];
	int sent_n, answers, opens, closes;
	int fail_opens, fail_calls;
	bool hang, interrupted;
};

static int note(struct fake *f, enum control_kind kind)
{
	int r = 0;

	lock_take(&f->lock);
	while (f->hang && !f->interrupted)
		lock_wait(&f->lock, &f->changed);
	if (f->interrupted)
		r = -ECONNRESET;
	else if (f->fail_calls > 0 && f->fail_calls--)
		r = -EPIPE;
	else
		f->sent[f->sent_n++] = kind;
	cond_broadcast(&f->changed);
	lock_release(&f->lock);
	return r;
}

static int leader_and_isr(void *arg, struct arena *a UNUSED, const struct leader_and_isr_request *req UNUSED,
    struct leader_and_isr_response *ret UNUSED)
{
	return note(arg, CONTROL_LEADER_AND_ISR);
}

static int update_metadata(void *arg, struct arena *a UNUSED, const struct update_metadata_request *req UNUSED,
    struct update_metadata_response *ret UNUSED)
{
	return note(arg, CONTROL_UPDATE_METADATA);
}

static int stop_replica(void *arg, struct arena *a UNUSED, const struct stop_replica_request *req UNUSED,
    struct stop_replica_response *ret UNUSED)
{
	return note(arg, CONTROL_STOP_REPLICA);
}

static void interrupt(void *arg)
{
	struct fake *f = arg;

	lock_take(&f->lock);
	f->interrupted = true;
	cond_broadcast(&f->changed);
	lock_release(&f->lock);
}

static void close_fake(void *arg)
{
	struct fake *f = arg;

	lock_take(&f->lock);
	f->closes++;
	lock_release(&f->lock);
}

static int open_fake(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint, struct control_transport *ret)
{
	struct fake *f = arg;
	int r = 0;

	assert_int_equal(3, broker_id);
	assert_null(endpoint);
	lock_take(&f->lock);
	f->opens++;
	if (f->fail_opens > 0 && f->fail_opens--)
		r = -EHOSTUNREACH;
	lock_release(&f->lock);
	*ret = (struct control_transport){ f, leader_and_isr, update_metadata, stop_replica, interrupt, close_fake };
	return r;
}

static void on_answer(void *arg, int32_t broker_id, struct control_request *r)
{
	struct fake *f = arg;

	assert_int_equal(3, broker_id);
	control_request_free(r);
	lock_take(&f->lock);
	f->answers++;
	cond_broadcast(&f->changed);
	lock_release(&f->lock);
}

static struct channel *channel_to(struct fake *f)
{
	struct channel_config c = { .controller_id = 1, .broker_id = 3, .open = open_fake, .open_arg = f,
		.on_answer = on_answer, .arg = f };

	lock_init(&f->lock, RANK_LEAF, "fake broker");
	cond_init(&f->changed);
	return channel_new(&c);
}

static void queue(struct channel *c, enum control_kind kind)
{
	struct control_request *r = control_request_new(kind);

	r->report = true;
	channel_queue(c, r);
}

static void await_answers(struct fake *f, int n)
{
	int64_t until = clock_mono_ms(&clock_real) + 20000;

	lock_take(&f->lock);
	while (f->answers < n)
		assert_true(lock_wait_until(&f->lock, &f->changed, until));
	lock_release(&f->lock);
}

static void fake_fini(struct fake *f)
{
	cond_fini(&f->changed);
	lock_fini(&f->lock);
}

static void requests_arrive_in_order(void **state UNUSED)
{
	struct fake f = { 0 };
	struct channel *c = channel_to(&f);
	int i;

	for (i = 0; i < 30; i++)
		queue(c, (enum control_kind)(i % 3));
	await_answers(&f, 30);
	channel_free(c);
	for (i = 0; i < 30; i++)
		assert_int_equal(i % 3, f.sent[i]);
	assert_int_equal(1, f.opens);
	assert_int_equal(1, f.closes);
	fake_fini(&f);
}

static void a_failed_request_is_sent_again_before_the_next(void **state UNUSED)
{
	struct fake f = { .fail_opens = 1, .fail_calls = 2 };
	struct channel *c = channel_to(&f);

	queue(c, CONTROL_LEADER_AND_ISR);
	queue(c, CONTROL_UPDATE_METADATA);
	await_answers(&f, 2);
	channel_free(c);
	assert_int_equal(2, f.sent_n);
	assert_int_equal(CONTROL_LEADER_AND_ISR, f.sent[0]);
	assert_int_equal(CONTROL_UPDATE_METADATA, f.sent[1]);
	assert_int_equal(4, f.opens); /* refused, two broken connections, and the good one */
	fake_fini(&f);
}

static void freeing_interrupts_a_hanging_call(void **state UNUSED)
{
	struct fake f = { .hang = true };
	struct channel *c = channel_to(&f);

	queue(c, CONTROL_STOP_REPLICA);
	queue(c, CONTROL_STOP_REPLICA);
	channel_free(c);
	assert_int_equal(0, f.sent_n);
	assert_int_equal(0, f.answers);
	fake_fini(&f);
}

static void freeing_does_not_wait_for_an_unreachable_broker(void **state UNUSED)
{
	struct fake f = { .fail_opens = 1 << 30 };
	struct channel *c = channel_to(&f);

	queue(c, CONTROL_UPDATE_METADATA);
	channel_free(c);
	assert_int_equal(0, f.closes);
	fake_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_arrive_in_order),
		cmocka_unit_test(a_failed_request_is_sent_again_before_the_next),
		cmocka_unit_test(freeing_interrupts_a_hanging_call),
		cmocka_unit_test(freeing_does_not_wait_for_an_unreachable_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
