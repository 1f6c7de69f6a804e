#pragma once
#include <filesystem>
#include <string>

#include "lab/evaluation/annealing/readings.hpp"

namespace nelbo {

/// The readings that are there so far, in a text file of the run's folder, ais-HASH.partial: a line
/// of what they are of, which the hash is of too, a line of names, a line for each datum. It is
/// written after every batch of data, and removed when the command has done all.
class PartialFile {
 public:
  /// `what`: all that the readings depend on. Tells a note where no file can be written.
  PartialFile(const std::filesystem::path& folder, const std::string& what);

  /// Takes over what an earlier process left, if it is whole and of the same, and tells so.
  void resume(annealing::Readings& readings) const;
  void save(const annealing::Readings& readings) const;
  void remove() const;
  /// Whether anything is saved.
  bool active() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;  // empty: nothing is saved
  std::string what_;
};

}  // namespace nelbo
