#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "autodiff/random_observer.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo::tests {

/// Remembers every (key, counter) drawn while it lives, and what for; one at a time. Two draws have
/// the same purpose if they name the same variable, fill with the same kind of numbers, and lay
/// them out alike: then they are the same numbers for the same thing, seen again.
class RandomUses {
 public:
  RandomUses() {
    watching = this;
    random_observer = [](const RandomUse& use) { watching->add(use); };
  }
  ~RandomUses() { random_observer = nullptr; }
  RandomUses(const RandomUses&) = delete;
  RandomUses& operator=(const RandomUses&) = delete;

  /// What is wrong: numbers with two purposes, and variables that the register does not have.
  const std::set<std::string>& faults() const { return faults_; }
  /// How many of the numbers were drawn more than once.
  std::size_t repeated() const { return repeated_; }
  /// The purposes seen, as the register has them.
  const std::set<std::string>& purposes() const { return purposes_; }

 private:
  struct Purpose {
    StreamId id;
    std::uint32_t variable;
    std::string fill;
    std::size_t dimensions;

    auto operator<=>(const Purpose&) const = default;
    std::string text() const {
      return "stream " + std::to_string(int(id)) + " variable " + std::to_string(variable) + ": " +
             fill + " of " + std::to_string(dimensions);
    }
  };
  using Address = std::array<std::uint32_t, 6>;  // key, counter

  void add(const RandomUse& use) {
    const std::lock_guard lock(mutex_);
    const RandomBlock& block = use.block;
    const Purpose purpose{block.stream.id, block.stream.variable, use.fill, block.dimensions};
    if (const RandomVariable* line = find_random_variable(block.stream)) {
      purposes_.insert(line->purpose);
    } else {
      faults_.insert(purpose.text() + " is not in the register");
    }
    const Purpose* const one = &*known_.insert(purpose).first;
    for (std::uint32_t plane = use.first_plane; plane < use.first_plane + use.planes; ++plane) {
      for (std::uint32_t word = 0; word < use.words; ++word) {
        for (std::size_t s = 0; s < block.draws; ++s) {
          for (std::size_t b = 0; b < block.batch; ++b) {
            add({use.key[0], use.key[1], word + (plane << 26), std::uint32_t(block.first_draw + s),
                 block.datum ? block.datum[b] : std::uint32_t(block.first_datum + b),
                 std::uint32_t(block.step)},
                one);
          }
        }
      }
    }
  }

  void add(const Address& address, const Purpose* purpose) {
    const auto [at, fresh] = drawn_.try_emplace(address, purpose);
    if (fresh) return;
    ++repeated_;
    if (at->second != purpose) faults_.insert(at->second->text() + ", and " + purpose->text());
  }

  static inline RandomUses* watching = nullptr;
  std::mutex mutex_;
  std::set<Purpose> known_;
  std::map<Address, const Purpose*> drawn_;
  std::set<std::string> faults_, purposes_;
  std::size_t repeated_ = 0;
};

}  // namespace nelbo::tests
