#include "lab/data/read_file.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>

#include "lab/files/idx.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/npz.hpp"
#include "lab/files/safetensors.hpp"
#include "lab/files/text_table.hpp"

namespace nelbo::data {
namespace {

namespace fs = std::filesystem;

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > most ? text + ", ..." : text;
}

/// Turns the arrays of a file into examples and labels.
FileContent arrange(const std::string& path, Format format, Array images,
                    std::optional<Array> labels) {
  std::vector<std::string> notes;
  std::vector<std::int64_t> values;
  if (images.shape.empty()) fail(path, "holds a single number, not a list of examples");
  if (labels && is_integer(labels->type)) {
    const std::size_t axes = labels->shape.size();
    const bool fits = axes >= 1 && axes <= images.shape.size() &&
                      (axes == 1 || axes < images.shape.size()) &&
                      std::equal(labels->shape.begin(), labels->shape.end(), images.shape.begin());
    if (fits) {
      values = to_int64(path, *labels);
      images.shape.erase(images.shape.begin(),
                         images.shape.begin() + static_cast<std::ptrdiff_t>(axes));
      images.shape.insert(images.shape.begin(), static_cast<std::int64_t>(values.size()));
    } else {
      notes.push_back(fmt::format("labels of shape {} do not fit images of shape {}: left out",
                                  shape_text(labels->shape), shape_text(images.shape)));
    }
  }
  constexpr std::int64_t most_examples = std::int64_t{1} << 27;
  if (images.count() == 0) fail(path, "holds no examples (shape {})", shape_text(images.shape));
  if (images.shape.front() > most_examples)
    fail(path, "holds {} examples, more than {}", images.shape.front(), most_examples);
  normalise(path, images);
  return {format,
          {"train", Images(std::move(images)), std::move(values), {}},
          {fs::absolute(path).lexically_normal().string()},
          std::move(notes)};
}

/// "train-images-idx3-ubyte.gz" -> "train-labels-idx1-ubyte", packed or not, when it exists.
std::optional<std::string> labels_beside(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  const std::size_t images = name.rfind("images");
  if (images == std::string::npos) return std::nullopt;
  name.replace(images, 6, "labels");
  const std::size_t axes = name.find("idx", images);
  if (axes != std::string::npos && axes + 3 < name.size()) name[axes + 3] = '1';
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const fs::path folder = fs::path(path).parent_path();
  std::error_code ignored;
  for (const std::string& candidate : {name, name + ".gz"})
    if (fs::is_regular_file(folder / candidate, ignored)) return (folder / candidate).string();
  return std::nullopt;
}

FileContent read_idx_pair(const std::string& path, const std::shared_ptr<const Input>& input) {
  Array images = read_idx(*open_stream(input));
  if (images.shape.size() < 2)
    fail(path, "holds labels (one axis); name the file of the images beside it");
  const std::optional<std::string> beside = labels_beside(path);
  if (!beside) return arrange(path, Format::idx_images, std::move(images), std::nullopt);
  Array labels = read_idx(*open_stream(Input::open(*beside)));
  if (labels.shape.size() != 1 || labels.shape.front() != images.shape.front())
    fail(*beside, "holds labels of shape {} for images of shape {}", shape_text(labels.shape),
         shape_text(images.shape));
  FileContent content = arrange(path, Format::idx_images, std::move(images), std::move(labels));
  content.files.push_back(fs::absolute(*beside).lexically_normal().string());
  return content;
}

/// Chooses the array that holds the images: the one asked for, `imgs`, `images`, or the only
/// readable one.
std::string choose_member(const std::string& path, const std::vector<std::string>& names,
                          const std::string& wanted,
                          const std::function<bool(const std::string&)>& readable) {
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!wanted.empty()) {
    if (has(wanted)) return wanted;
    fail(path, "has no member '{}', only: {}", wanted, joined(names));
  }
  for (const char* usual : {"imgs", "images"})
    if (has(usual)) return usual;
  std::vector<std::string> candidates;
  for (const std::string& name : names)
    if (name != "labels" && readable(name)) candidates.push_back(name);
  if (candidates.size() == 1) return candidates.front();
  if (candidates.empty()) fail(path, "holds no readable array");
  fail(path, "has no member imgs or images; name one as FILE:member of: {}", joined(candidates));
}

FileContent read_npz(const std::string& path, const std::shared_ptr<const Input>& input,
                     const std::string& member) {
  const Npz npz(input);
  const std::string chosen = choose_member(path, npz.names(), member, [&](const std::string& name) {
    return npz.header(name).readable;
  });
  std::optional<Array> labels;
  if (chosen != "labels" && npz.has("labels")) {
    const NpyHeader header = npz.header("labels");
    if (header.readable && is_integer(header.type)) labels = npz.read("labels");
  }
  return arrange(path, Format::npz, npz.read(chosen), std::move(labels));
}

FileContent read_safetensors(const std::string& path, const std::shared_ptr<const Input>& input,
                             const std::string& member) {
  const safetensors::Reader reader(input);
  std::vector<std::string> names;
  for (const auto& [name, entry] : reader.entries()) names.push_back(name);
  const std::string chosen = choose_member(path, names, member, [&](const std::string& name) {
    return safetensors::is_readable(reader.entries().at(name).dtype);
  });
  std::optional<Array> labels;
  if (chosen != "labels" && reader.has("labels") &&
      safetensors::is_readable(reader.entries().at("labels").dtype))
    labels = reader.read("labels");
  return arrange(path, Format::safetensors, reader.read(chosen), std::move(labels));
}

FileContent from_table(const std::string& path, Format format, TextTable table) {
  FileContent content = arrange(path, format, std::move(table.values), std::nullopt);
  content.split.labels = std::move(table.labels);
  return content;
}

}  // namespace

FileContent read_file(const std::string& path, const std::string& member) {
  const std::shared_ptr<const Input> input = Input::open(path);
  const Format format = recognise_named(input);
  const bool archive = format == Format::npz || format == Format::safetensors;
  if (!member.empty() && !archive)
    fail(path, "has no members (it is {}); FILE:member is for .npz and safetensors files",
         format_name(format));
  if (archive && is_gzip(*input)) fail(path, "is packed with gzip; unpack it first");
  switch (format) {
    case Format::idx_images:
    case Format::idx_labels:
      return read_idx_pair(path, input);
    case Format::npy:
      return arrange(path, format, read_npy(*open_stream(input)), std::nullopt);
    case Format::npz:
      return read_npz(path, input, member);
    case Format::safetensors:
      return read_safetensors(path, input, member);
    case Format::amat:
      return from_table(path, format, read_amat(*open_stream(input)));
    case Format::csv:
      return from_table(path, format, read_csv(*open_stream(input)));
    case Format::unknown:
      break;
  }
  fail(path,
       "its content is none of IDX, NPY, NPZ, safetensors, amat, CSV (each also gzipped, "
       "except NPZ and safetensors)");
}

}  // namespace nelbo::data
