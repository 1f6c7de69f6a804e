#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lab/files/npy.hpp"

namespace nelbo::data {

/// A NumPy .npz archive: a zip file whose members are .npy files, stored or deflated. Members are
/// named without their ".npy". Nothing is unpacked before it is asked for, so pickled members
/// (dSprites' `metadata`) do no harm.
class Npz {
 public:
  /// Throws Error naming the file when the directory is damaged, members overlap, or one is named
  /// twice.
  explicit Npz(std::shared_ptr<const Input> input);
  ~Npz();

  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const;
  /// All throw Error naming "<file>:<member>".
  NpyHeader header(const std::string& name) const;
  Array read(const std::string& name) const;
  std::vector<std::string> read_texts(const std::string& name) const;

 private:
  struct Archive;
  std::unique_ptr<Stream> open(const std::string& name) const;

  std::shared_ptr<const Input> input_;
  std::unique_ptr<Archive> archive_;
  std::vector<std::string> names_;
};

}  // namespace nelbo::data
