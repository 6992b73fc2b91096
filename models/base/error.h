// How every room reports what went wrong. Two families of trouble, kept apart:
//   * bad input: a list of `Problem`s with place, expectation and remedy -> thrown as `InputError`,
//     exit code 2. All problems of one input are collected before anything is thrown.
//   * an answer that is "no": `Expected<T, E>` (a device refuses an operator, a point is
//   infeasible).
// Anything else that is thrown is a bug of ours (exit code 1).
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace wattlas {

/// A place in an input: a file and line (0 = unknown), or a command-line flag as `file`.
struct Place {
  std::string file;
  int line = 0;
};

/// One problem of one input. Printed as `file:line: key: what (expected ...; hint)`.
struct Problem {
  Place place;
  std::string key;       ///< dotted path such as `device.dpu.clock`, or a symbol; may be empty
  std::string what;      ///< what is wrong, with the offending text
  std::string expected;  ///< what would be accepted; may be empty
  std::string hint;      ///< what to do, such as "did you mean 'clock'?"; may be empty

  std::string text() const;
};

/// Bad input: ends a command with exit code 2. Holds at least one problem.
class InputError : public std::exception {
 public:
  explicit InputError(Problem problem);
  explicit InputError(std::vector<Problem> problems);
  InputError(Place place, std::string key, std::string what, std::string expected,
             std::string hint = {});
  /// Shorthand for a problem without a place.
  explicit InputError(std::string what, std::string expected = {}, std::string hint = {});
  const std::vector<Problem>& problems() const { return problems_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::vector<Problem> problems_;
  std::string text_;
};

/// Collects problems; `finish()` throws them all at once.
class Problems {
 public:
  void add(Problem problem) { list_.push_back(std::move(problem)); }
  void add(Place place, std::string key, std::string what, std::string expected,
           std::string hint = {});
  /// What is wrong with the value at a key, as a reader of such values said it.
  void add(Place place, std::string key, const InputError& error);
  bool empty() const { return list_.empty(); }
  const std::vector<Problem>& list() const { return list_; }
  /// Throws InputError when anything was collected.
  void finish() const;

 private:
  std::vector<Problem> list_;
};

/// The nearest of `candidates` to `word` (edit distance), or nothing when none is near.
std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates);
/// "did you mean 'x'?" or an empty string.
std::string didYouMean(const std::string& word, const std::vector<std::string>& candidates);

/// A value or the reason why there is none.
template <class T, class E>
class Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(E error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const E& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

}  // namespace wattlas
