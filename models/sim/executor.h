// Executes tasks on one seat of a platform, or copies between seats: private time passes by itself,
// traffic goes to the interconnect, a step ends when both are done.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/sim/interconnect.h"
#include "models/sim/live_memories.h"

namespace wattlas {

class Executor : public sc_core::sc_module, public tlm::tlm_bw_transport_if<> {
 public:
  /// Called in the evaluation phase in which a task ends.
  using Done = std::function<void(TaskId)>;
  Executor(const sc_core::sc_module_name& name, Interconnect& interconnect, LiveMemories& memories,
           Done done);
  ~Executor() override;

  /// Begins to execute; any number at the same time. `graph` and `seat` (null for copies) must stay
  /// until the task ends. A repeated segment with traffic is played in at most `grain` parts: 1
  /// when nobody else uses its channels, more to let others in between.
  void begin(TaskId id, const TaskGraph& graph, const Seat* seat, std::int64_t grain);

  /// How fast the private time of a task passes from now on; 1 unless its power domain is at its
  /// limit.
  void pace(TaskId id, double speed);

  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& transaction, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
  std::int64_t events() const { return events_; }

 private:
  /// A task under way.
  struct Play {
    TaskId id = 0;
    const TaskGraph* graph = nullptr;
    const Seat* seat = nullptr;
    std::int64_t grain = 1, repeatsLeft = 0, partsLeft = 0;
    std::size_t step = 0;  ///< next: 0 = what comes first, then segments
    int outstanding = 0;
    Ticks wake{-1};  ///< end of the private time; negative = over
    double speed = 1;
  };
  /// A payload with its extension, used again and again.
  struct Transfer {
    tlm::tlm_generic_payload payload;
    TransferExtension extension;
    Play* play = nullptr;
    Transfer() { payload.set_extension(&extension); }
    ~Transfer() { payload.clear_extension(&extension); }
  };

  void step();
  void partOver(Play& play);
  /// Begins the next step; false when there is none.
  bool next(Play& play);
  bool nextPart(Play& play, const Segment& segment);
  bool nextCopy(Play& play);
  void pass(Play& play, Ticks local);
  void send(Play& play, const Demand& demand, const std::vector<ChannelId>& route,
            std::int64_t repeats);
  void reach(Play& play, SeatId memory, Bits amount, bool write);
  void arm();

  tlm::tlm_initiator_socket<> socket_;
  Done done_;
  const Interconnect& interconnect_;
  LiveMemories& memories_;
  std::vector<std::unique_ptr<Play>> plays_, spare_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> idle_;
  std::int64_t events_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace wattlas
