/* offset_fetch_group.c - see offset_fetch_work.h. */
#include "api/offset_fetch_work.h"

#include "coordinator/groups.h"

bool offset_fetch_list(struct offset_fetch_group *g, struct arena *a)
{
	size_t n = 0;

	for (int32_t t = 0; t < g->topics_n; t++)
		n += (size_t)g->topics[t].partitions_n;
	g->v = arena_array(a, n, sizeof(*g->v));
	g->n = 0;
	for (int32_t t = 0; g->v && t < g->topics_n; t++) {
		for (int32_t i = 0; i < g->topics[t].partitions_n; i++)
			g->v[g->n++] = (struct groups_fetched){ .offset = { .topic = g->topics[t].name,
									    .partition = g->topics[t].partitions[i],
									    .offset = -1,
									    .leader_epoch = -1,
									    .metadata = STR("") } };
	}
	return g->v;
}

bool offset_fetch_ask(struct groups *groups, struct offset_fetch_group *g, bool require_stable, struct arena *a)
{
	int r;

	if (g->all) {
		r = groups_fetch_all(groups, g->group_id, require_stable, a, &g->v, &g->n);
	} else {
		if (!offset_fetch_list(g, a))
			return false;
		r = groups_fetch(groups, g->group_id, require_stable, g->v, g->n, a);
	}
	g->error = r;
	if (r && g->all)
		g->n = 0;
	return r >= 0;
}

size_t offset_fetch_run(const struct offset_fetch_group *g, size_t from)
{
	size_t i = from + 1;

	while (i < g->n && str_eq(g->v[i].offset.topic, g->v[from].offset.topic))
		i++;
	return i;
}
