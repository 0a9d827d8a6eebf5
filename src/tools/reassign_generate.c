/* reassign_generate.c - --generate: proposes new replicas for all partitions of some topics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "controller/replica_assignment.h"
#include "tools/reassign_priv.h"

/* The living ones among those that are asked for, with their racks if all have one and nobody minds. */
static int pick_brokers(struct reassign *r, const struct reassign_ids *wanted, bool aware,
	struct assign_broker **ret, size_t *ret_n)
{
	struct admin_node *nodes;
	size_t n, racks = 0;

	*ret_n = 0;
	if (reassign_find_brokers(r, &nodes, &n))
		return -1;
	*ret = arena_array(&r->arena, n, sizeof(**ret));
	if (!*ret)
		return reassign_no_memory(r);
	for (size_t i = 0; i < n; i++) {
		if (!reassign_ids_have(wanted, nodes[i].id))
			continue;
		(*ret)[*ret_n] = (struct assign_broker){nodes[i].id, aware ? nodes[i].rack : NULL};
		racks += (*ret)[(*ret_n)++].rack != NULL;
	}
	if (racks > 0 && racks < *ret_n)
		return thrown_set(&r->thrown, JAVA_ADMIN_OPERATION,
			"Not all brokers have rack information. Add --disable-rack-aware in "
			"command line to make replica assignment without rack information.");
	return 0;
}

int reassign_generate(struct reassign *r)
{
	CLEANUP(freep) char *text = NULL;
	const char *list;
	size_t len, brokers_n;
	struct reassign_ids ids;
	struct reassign_rows topics, current, proposed;
	struct assign_broker *brokers;

	if (reassign_load(r, REASSIGN_TOPICS_FILE, &text, &len) ||
		reassign_text(r, REASSIGN_BROKER_LIST, &list) ||
		reassign_parse_generate(text, len, list, &r->arena, &ids, &topics, &r->thrown) ||
		reassign_find_replicas(r, &topics, false, &current) ||
		pick_brokers(r, &ids, !options_has(&r->options, REASSIGN_DISABLE_RACK_AWARE),
			&brokers, &brokers_n) ||
		reassign_plan_assignment(&r->arena, &current, brokers, brokers_n, random_below,
			&proposed, &r->thrown))
		return -1;
	printf("Current partition replica assignment\n");
	reassign_print_json(&current, stdout);
	printf("\n\nProposed partition reassignment configuration\n");
	reassign_print_json(&proposed, stdout);
	putchar('\n');
	return 0;
}
