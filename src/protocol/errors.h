/* errors.h - the error codes of the Kafka protocol.
 *
 * Inside the program an error code is a positive int beside negative errno values (base/error.h). Only a response
 * holds codes as they are on the wire; kerr_of makes them.
 * Thread: any. Layer: protocol.
 */
#ifndef PROTOCOL_ERRORS_H
#define PROTOCOL_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

/* KERR_UNKNOWN_SERVER_ERROR (-1) is for the wire: no function returns it, it would look like -EPERM. */
enum kerr {
#define KERR(name, code, retriable, text) KERR_##name = (code),
#include "protocol/errors.def"
};

/* "OFFSET_OUT_OF_RANGE"; "UNKNOWN" for a number that is no code. */
const char *kerr_name(int code);
/* One line for error_message fields and logs; never NULL. */
const char *kerr_text(int code);
/* May a client try the same again? false for a number that is no code. */
bool kerr_retriable(int code);

/* The code that goes into a response for result `r`:
 *   0, > 0	as it is
 *   < 0	KAFKA_STORAGE_ERROR when the storage under a log failed: -EIO, -ENOSPC, -EDQUOT, -EROFS, -EFBIG,
 *		-ENXIO, -ENODEV, -ESTALE, -EUCLEAN. Clients then ask for the new leader and try again, as with a
 *		log directory that went offline (Kafka 3.9, ReplicaManager.scala).
 *		UNKNOWN_SERVER_ERROR otherwise.                                                          */
int16_t kerr_of(int r);

#endif
