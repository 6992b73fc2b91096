// What was lowered and simulated before, shared between the points and runs of one process.
#pragma once

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "models/booked.h"
#include "models/device.h"

namespace wattlas {

template <class Value>
class KeyedMemory {
 public:
  /// Null when it is not known.
  const Value* find(const Hash128& key) const {
    const auto at = known_.find(key);
    return at == known_.end() ? nullptr : &at->second;
  }
  const Value& put(const Hash128& key, Value value) {
    return known_.insert_or_assign(key, std::move(value)).first->second;
  }
  std::size_t size() const { return known_.size(); }

 private:
  std::unordered_map<Hash128, Value, Hash128Hasher> known_;
};

/// Profiles by their `key`, and beside them what leads to them.
class ProfileCache : public KeyedMemory<Profile> {
 public:
  /// Of hashes that are known already, or from what they are of.
  static Hash128 key(const Hash128& program, const Hash128& device, Fidelity fidelity) {
    return Hasher().add(program).add(device).integer(static_cast<int>(fidelity)).finish();
  }
  static Hash128 key(const Program& program, const Device& device, Fidelity fidelity) {
    return key(program.hash(), device.hash(), fidelity);
  }
  /// One key of two hashes that never change places.
  static Hash128 pairKey(const Hash128& first, const Hash128& second) {
    return {first.high ^ second.high, first.low ^ second.low};
  }

  /// A device's answer about an operator; key: (device, operator's shape).
  struct Placed {
    Support support;
    Bits resident;
  };
  KeyedMemory<Placed> placed;

  /// A lowered region. Programs may point into their device, which is therefore kept.
  struct Lowered {
    std::shared_ptr<const Program> program;
    Hash128 hash;  ///< of the program
    std::shared_ptr<const Device> device;
  };
  KeyedMemory<Lowered> lowered;

  /// What an operator adds to the books of a run; key: (platform and run, context of the operator).
  KeyedMemory<BookedOperator> booked;

  /// Forgets everything when it holds more than a process should: call between runs.
  void trim() {
    if (std::max({size(), placed.size(), lowered.size(), booked.size()}) > mostKept)
      *this = ProfileCache();
  }

 private:
  static constexpr std::size_t mostKept = 200000;
};

}  // namespace wattlas
