/* api_fixture.h - requests through dispatch_frame against real partitions and a connection that only remembers.
 *
 * Builds on tests/replica/replica_fixture.h. A test plays one client: call() sends a body and waits for the end of
 * the request, which may come on any thread.
 */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "base/buf.h"

enum call_end { CALL_REPLIED, CALL_DONE, CALL_CLOSED };

extern struct broker_context api_ctx;

int api_fixture_setup(void **state);
int api_fixture_teardown(void **state);

/* A connection of its own; ends with client_close. */
struct connection *client_open(void);
/* Lets go; frames still in process keep it alive until they end. */
void client_close(struct connection *c);

/* Starts a request: `in` is the key's request struct. Takes what codec_encode takes. */
void client_send(struct connection *c, int key, int16_t version, const void *in);
/* A raw frame (without its size field). */
void client_send_raw(struct connection *c, const void *p, size_t n);
/* Waits for the end. On CALL_REPLIED *ret_out is the decoded response, in the fixture's arena; correlation id and
 * frame size have been checked. */
enum call_end client_wait(struct connection *c, int key, int16_t version, void *ret_out);
/* The same into another arena, for tests with several threads. */
enum call_end client_wait_in(struct connection *c, int key, int16_t version, struct arena *a, void *ret_out);
/* Waits without looking at the answer. */
enum call_end client_wait_end(struct connection *c);
bool client_has_ended(struct connection *c);
const char *client_why(struct connection *c); /* of CALL_CLOSED */

/* Send and wait. */
enum call_end call(int key, int16_t version, const void *in, void *ret_out);

#endif
