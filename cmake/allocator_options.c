/* Read by jemalloc at start; MALLOC_CONF overrides it. One thread allocates, and what sweeps remember
 * is spread over much memory: huge pages where the system allows them. */
const char *malloc_conf = "narenas:1,thp:always";
