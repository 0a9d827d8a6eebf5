/* messages.h - the C structs of all messages, made from the rows of messages.def.
 *
 * For a message FetchRequest: `struct fetch_request`, `fetch_request_schema`, and for each struct in it
 * `struct fetch_request_fetch_topic` with `fetch_request_fetch_topic_schema`. Members are the fields' names;
 * an array is a pointer `x` and a count `x_n` (-1: null). There is no version in a struct: a field that a version
 * lacks has its default after decoding, and is left out, if it may be, when encoding (codec.h).
 *
 * Owner: whoever holds the struct. A decoded one borrows strings and bytes from the input and has its arrays in
 * the arena. Layer: protocol.
 */
#ifndef PROTOCOL_MESSAGES_H
#define PROTOCOL_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/primitive.h"
#include "protocol/schema.h"

#define MESSAGE_LIST "protocol/messages.def"
#include "protocol/message_structs.h"

#endif
