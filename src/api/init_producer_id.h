/* init_producer_id.h - what requests for a producer id wait for. */
#ifndef API_INIT_PRODUCER_ID_H
#define API_INIT_PRODUCER_ID_H

#include "replica/delayed.h"

/* To be checked (delayed_check) when a block of producer ids has arrived or failed to. */
extern const struct delayed_key init_producer_id_key;

#endif
