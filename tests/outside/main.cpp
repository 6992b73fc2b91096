// An outside project: embeds a UPMEM DIMM model in its own sc_main, runs a GEMV on it, and shares
// a link with it over TLM-2.0 from its own SC_THREAD.
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdio>
#include <memory>

#include "models/device_module.h"
#include "models/sim/link.h"
#include "pim/registration.h"

namespace {

/// Sends bulk traffic through the link with b_transport, as any TLM-2.0 initiator would.
struct Camera : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<Camera> out{"out"};
  sc_core::sc_time finished;

  explicit Camera(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_HAS_PROCESS(Camera);
    SC_THREAD(stream);
  }
  void stream() {
    tlm::tlm_generic_payload transaction;
    wattlas::DemandExtension demand;
    demand.amount = wattlas::bytes(1e6);
    demand.peak = wattlas::BitRate(64e9);
    transaction.set_extension(&demand);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    out->b_transport(transaction, delay);
    finished = sc_core::sc_time_stamp();
    transaction.clear_extension(&demand);
  }
};

}  // namespace

int sc_main(int argc, char** argv) {
  using namespace wattlas;
  if (argc < 2) {
    std::puts("usage: outside DATA-ROOT");
    return 2;
  }
  const SearchPath path({argv[1]});
  Registry registry;
  registerPim(registry);
  const auto device =
      registry.make(loadConfig(*path.find("devices", "upmem-dimm"), path), "device");

  const Workload workload = makeWorkload("gemv:1024x1024", ConfigNode::ofMap(), path);
  const Graph& graph = workload.phases[0].graph;
  const auto program = device->lower({graph, {0}});
  if (!program) {
    std::printf("refused: %s\n", program.error().what.c_str());
    return 1;
  }
  auto module = device->elaborate("dimm", Fidelity::event);
  LinkModule link("link", BitRate(8e9), Sharing::fair);
  Camera camera("camera");
  camera.out.bind(link.in);

  const Profile profile = runAlone(*module, **program);
  sc_core::sc_start();
  const bool bounded = profile.alone() >= (*program)->lowerBound();
  std::printf("GEMV on the embedded DIMM: %.1f us, %lld events, bound %s; camera done at %s\n",
              static_cast<double>(profile.alone().ps) * 1e-6,
              static_cast<long long>(profile.events), bounded ? "respected" : "BEATEN",
              camera.finished.to_string().c_str());
  return bounded && profile.events > 0 && camera.finished > sc_core::SC_ZERO_TIME ? 0 : 1;
}
