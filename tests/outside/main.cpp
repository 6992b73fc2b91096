// An outside project: embeds the platform model in its own sc_main, runs a GEMV on a PIM-AI chip
// whose inputs come over a link, and shares that link over TLM-2.0 from its own SC_THREAD.
#include <tlm_utils/simple_initiator_socket.h>

#include <cstdio>
#include <memory>

#include "models/sim/platform_model.h"
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
    wattlas::TransferExtension demand;
    demand.amount = wattlas::bytes(1e6);
    demand.peak = wattlas::BitRate(64e9);
    demand.route = {0};
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
      registry.make(loadConfig(*path.find("devices", "pim-ai-1chip"), path), "device");

  const Workload workload = makeWorkload("gemv:1024x1024", ConfigNode::ofMap(), path);
  const Graph& graph = workload.phases[0].graph;
  const auto program = device->lower({graph, {0}});
  if (!program) {
    std::printf("refused: %s\n", program.error().what.c_str());
    return 1;
  }
  Camera camera("camera");
  camera.out.bind(platformModel().interconnect().in);

  Resources resources;
  resources.channels = {{"link", BitRate(8e9), Sharing::fair, 0}};
  resources.seats = {{"chips", 1, {0}, {}}};
  const Profile profile = device->simulate(**program, Fidelity::event);
  TaskGraph tasks;
  tasks.routes = {{0}};
  Task load;  // the inputs
  load.kind = Task::Kind::move;
  load.wire = bytes(1e6);
  load.peak = BitRate(8e9);
  load.route = 0;
  Task run;
  run.seat = 0;
  run.profile = &profile;
  tasks.tasks = {load, run};
  tasks.edges = {{0, 1}};
  const Schedule schedule = platformModel().run(tasks, resources);
  // Both send 1 MB at the same time over 1 GB/s.
  const bool shared = schedule.spans[0].end == Ticks(2'000'000'000);
  const bool ran = schedule.spans[1].end - schedule.spans[1].start >= (*program)->lowerBound();
  std::printf("inputs there after %.1f us, GEMV %.1f us; camera done at %s\n",
              static_cast<double>(schedule.spans[0].end.ps) * 1e-6,
              static_cast<double>(profile.alone().ps) * 1e-6, camera.finished.to_string().c_str());
  return shared && ran && camera.finished > sc_core::SC_ZERO_TIME ? 0 : 1;
}
