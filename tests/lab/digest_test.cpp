// The digest of a checkpoint: damage is found by every load, whichever bit it is.
#include <algorithm>
#include <fstream>
#include <random>

#include "lab/files/npz_write.hpp"
#include "lab/files/safetensors.hpp"
#include "lab/files/xxh64.hpp"
#include "lab/training/checkpoint.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::operator/;

namespace {

std::string xxh64_of(const std::string& text, std::size_t piece) {
  Xxh64 hash;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    hash.update(text.data() + at, std::min(piece, text.size() - at));
  }
  return hash.hex();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// The bytes with one bit turned.
std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = char(bytes[bit / 8] ^ (1 << bit % 8));
  return bytes;
}

}  // namespace

TEST_CASE("digest: XXH64 of the texts that its makers publish, in pieces of any size") {
  for (const std::size_t piece : {1u, 3u, 31u, 32u, 33u, 1000u}) {
    CAPTURE(piece);
    CHECK(xxh64_of("", piece) == "ef46db3751d8e999");
    CHECK(xxh64_of("a", piece) == "d24ec4f1a98c6e5b");
    CHECK(xxh64_of("abc", piece) == "44bc2cf5ad770999");
    CHECK(xxh64_of("Nobody inspects the spammish repetition", piece) == "fbcea83c8a378bf1");
  }
}

TEST_CASE("digest: every single bit of a checkpoint, turned, is found and the file named") {
  const tests::TempFolder folder;
  const std::string path = folder / "whole.safetensors", bad = folder / "bad.safetensors";
  const std::vector<float> values{1, -2, 3e-30f, 0, 5, 6};
  const std::vector<double> more{0.1, 1e300};
  safetensors::write(path,
                     {{"a", {data::StoredType::float32, {2, 3}, values.data()}},
                      {"b", {data::StoredType::float64, {2}, more.data()}}},
                     {{"step", "7"}, {"model", "model = 'mlp'\n"}});
  CHECK(safetensors::Reader(path).verify().empty());
  const std::string bytes = read_text(path);
  int tensors = 0, accepted = 0;  // not counting the spaces after the header, which say nothing
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    write_file(bad, flipped(bytes, bit));
    const bool in_tensor = bit / 8 >= bytes.size() - 6 * 4 - 2 * 8;
    try {
      if (safetensors::Reader(bad).verify().empty() && bit / 8 < bytes.find("   ")) ++accepted;
      // A bit of the key "nelbo_digest" itself leaves a file without a digest.
      CHECK_FALSE(in_tensor);
    } catch (const Error& error) {
      CHECK_THAT(error.what(), contains("bad.safetensors"));
      if (in_tensor) CHECK_THAT(error.what(), contains("damaged"));
      tensors += in_tensor;
    }
  }
  CHECK(tensors == 8 * (6 * 4 + 2 * 8));
  CHECK(accepted == 0);
}

TEST_CASE("digest: a checkpoint with a bit turned is refused, and nothing is changed") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  Trainer trainer(tests::tiny_config(), data), other(tests::tiny_config(), data);
  tests::advance(trainer, 3);
  const std::string bytes = tests::bytes_of(trainer, folder / "last.safetensors");
  CHECK(other.load(folder / "last.safetensors").empty());
  const std::string before = tests::bytes_of(other, folder / "other.safetensors");
  tests::advance(trainer, 2);
  const std::string later = tests::bytes_of(trainer, folder / "later.safetensors");
  const std::size_t tensors = std::size_t(trainer.store().count()) * 3 * 4;  // and their moments
  std::mt19937 random(3);
  for (int i = 0; i < 30; ++i) {
    const std::size_t bit = 8 * (later.size() - tensors) + random() % (8 * tensors);
    write_file(folder / "bad.safetensors", flipped(later, bit));
    CHECK_THROWS_WITH(other.load(folder / "bad.safetensors"),
                      contains("bad.safetensors") && contains("damaged"));
    ParameterStore store;
    CHECK_THROWS_WITH(freeze_from(folder / "bad.safetensors", store), contains("damaged"));
    CHECK_THROWS_WITH(model_of_checkpoint(folder / "bad.safetensors"), contains("damaged"));
    const std::string parameter = trainer.store().entries()[1].name;  // as examples
    CHECK_THROWS_WITH(data::read_dataset((folder / "bad.safetensors:") + parameter),
                      contains("damaged"));
  }
  CHECK(tests::bytes_of(other, folder / "other.safetensors") == before);
}

TEST_CASE("digest: numbers of the state are covered too, and files without one are told of") {
  const data::Dataset data = tests::tiny_data();
  const tests::TempFolder folder;
  Trainer trainer(tests::tiny_config(), data);
  tests::advance(trainer, 2);
  std::string bytes = tests::bytes_of(trainer, folder / "last.safetensors");
  const std::size_t step = bytes.find("\"step\":\"2\"");
  REQUIRE(step != std::string::npos);
  bytes[step + 8] = '3';
  write_file(folder / "bad.safetensors", bytes);
  CHECK_THROWS_WITH(trainer.load(folder / "bad.safetensors"), contains("damaged"));

  bytes[step + 8] = '2';
  bytes.replace(bytes.find("nelbo_digest"), 12, "other_digest");
  write_file(folder / "foreign.safetensors", bytes);
  CHECK_THAT(trainer.load(folder / "foreign.safetensors"),
             contains("foreign.safetensors") && contains("no digest"));
  const std::string parameter = trainer.store().entries()[1].name;  // as examples
  const auto notes = [&](const char* file) {
    return data::read_dataset((folder / file) + ":" + parameter).notes;
  };
  REQUIRE(notes("foreign.safetensors").size() == 1);
  CHECK_THAT(notes("foreign.safetensors")[0], contains("the file holds no digest"));
  tests::bytes_of(trainer, folder / "last.safetensors");
  CHECK(notes("last.safetensors").empty());
}

TEST_CASE("digest: codes that `encode` wrote are read back only as they were written") {
  const tests::TempFolder folder;
  std::vector<float> mean(60);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = 0.01f * float(i) - 0.3f;
  write_npz(folder / "z.npz", {{"mean", {data::StoredType::float32, {20, 3}, mean.data()}}});
  const std::string bytes = read_text(folder / "z.npz");
  const std::size_t start =
      bytes.find(std::string(reinterpret_cast<const char*>(mean.data()), 4 * mean.size()));
  REQUIRE(start != std::string::npos);
  int found = 0;
  for (std::size_t bit = 8 * start; bit < 8 * (start + 4 * mean.size()); ++bit) {
    write_file(folder / "bad.npz", flipped(bytes, bit));
    try {
      data::read_dataset(folder / "bad.npz");
    } catch (const Error& error) {
      CHECK_THAT(error.what(), contains("bad.npz"));
      ++found;
    }
  }
  CHECK(found == int(8 * 4 * mean.size()));
}
