#include "lab/data/read_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>

#include "autodiff/setting_error.hpp"
#include "lab/data/factors.hpp"
#include "lab/data/labels.hpp"
#include "lab/files/idx.hpp"
#include "lab/files/internal/fail.hpp"
#include "lab/files/npz.hpp"
#include "lab/files/safetensors.hpp"
#include "lab/files/text_table.hpp"

namespace nelbo::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* mask_name = "mask";  // 1 where an entry is observed

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > most ? text + ", ..." : text;
}

/// A file's array of examples, and what is known of their labels.
FileContent arrange(const std::string& path, Format format, Array images, const Reading& reading,
                    Labels labels = {}) {
  if (images.shape.empty()) fail(path, "holds a single number, not a list of examples");
  constexpr std::int64_t most_examples = std::int64_t{1} << 27;
  if (images.count() == 0) fail(path, "holds no examples (shape {})", shape_text(images.shape));
  if (images.shape.front() > most_examples)
    fail(path, "holds {} examples, more than {}", images.shape.front(), most_examples);
  normalise(path, images, reading.missing);
  return {format,
          {"train", Images(std::move(images)), std::move(labels.values), {}, {}},
          {fs::absolute(path).lexically_normal().string()},
          {},
          std::move(labels.notes)};
}

/// Throws SettingError for a label or a condition that is named where there are no names.
void check_no_name(const std::string& path, const Reading& reading, const std::string& why) {
  if (!reading.condition.empty()) {
    throw SettingError("condition",
                       one_line(path + ": " + why + "; a table or an archive has names"));
  }
  const std::string& label = reading.label;
  if (label.empty() || label == "none") return;
  throw SettingError("label", one_line(path + ": " + why + "; leave it out, or say none"));
}

/// "train-images-idx3-ubyte.gz" -> "train-labels-idx1-ubyte", or "..-idx2-int" as QMNIST has it,
/// packed or not, when it exists.
std::optional<std::string> labels_beside(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  const std::size_t images = name.rfind("images");
  if (images == std::string::npos) return std::nullopt;
  name.replace(images, 6, "labels");
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  std::vector<std::string> candidates{name};
  const std::size_t axes = name.find("idx", images);
  if (axes != std::string::npos && axes + 3 < name.size()) {
    candidates.front()[axes + 3] = '1';
    candidates.push_back(name.substr(0, axes) + "idx2-int");
  }
  const fs::path folder = fs::path(path).parent_path();
  std::error_code ignored;
  for (const std::string& candidate : candidates)
    for (const std::string& file : {candidate, candidate + ".gz"})
      if (fs::is_regular_file(folder / file, ignored)) return (folder / file).string();
  return std::nullopt;
}

void check_finite_condition(const std::string& path, const std::string& name,
                            const std::vector<double>& numbers) {
  if (std::all_of(numbers.begin(), numbers.end(), [](double v) { return std::isfinite(v); }))
    return;
  throw SettingError("condition",
                     one_line(path + ": '" + name + "' holds numbers that are not finite"));
}

/// Columns [N] or [N, K] as one table of N rows.
std::vector<double> side_by_side(const std::vector<std::vector<double>>& columns,
                                 std::size_t count) {
  std::vector<double> table;
  for (std::size_t i = 0; i < count; ++i) {
    for (const std::vector<double>& column : columns) {
      const std::size_t width = column.size() / count;
      table.insert(table.end(), column.begin() + std::ptrdiff_t(i * width),
                   column.begin() + std::ptrdiff_t((i + 1) * width));
    }
  }
  return table;
}

/// Of labels with several numbers each the first, which is QMNIST's class.
Array first_of_each(const Array& labels) {
  const auto rows = static_cast<std::size_t>(labels.shape[0]);
  const std::size_t row = labels.bytes.size() / std::max<std::size_t>(rows, 1);
  const std::size_t item = item_size(labels.type);
  Array first{labels.type, {labels.shape[0]}, {}};
  first.bytes.resize(rows * item);
  for (std::size_t i = 0; i < rows; ++i)
    std::copy_n(labels.bytes.data() + i * row, item, first.bytes.data() + i * item);
  return first;
}

FileContent read_idx_pair(const std::string& path, const std::shared_ptr<const Input>& input,
                          const Reading& reading) {
  Array images = read_idx(*open_stream(input));
  if (images.shape.size() < 2 || images.type != StoredType::uint8)
    fail(path, "holds labels ({}); name the file of the images beside it",
         images.shape.size() < 2 ? "one axis" : type_name(images.type));
  check_no_name(path, reading, "its labels are those of the file beside it");
  const std::optional<std::string> beside = labels_beside(path);
  if (!beside || reading.label == "none")
    return arrange(path, Format::idx_images, std::move(images), reading);
  Array array = read_idx(*open_stream(Input::open(*beside)));
  const bool table =
      array.type == StoredType::int32 && array.shape.size() == 2 && array.shape[1] > 0;
  if ((array.shape.size() != 1 && !table) || array.shape.front() != images.shape.front())
    fail(*beside, "holds labels of shape {} for images of shape {}", shape_text(array.shape),
         shape_text(images.shape));
  std::vector<std::string> notes;
  if (table) {
    notes.push_back(fmt::format("labels are the first of {} numbers each in {}", array.shape[1],
                                one_line(fs::path(*beside).filename().string())));
  }
  if (table) array = first_of_each(array);
  Labels labels = labels_of(array, images, *beside, reading.label);
  labels.notes.insert(labels.notes.end(), notes.begin(), notes.end());
  FileContent content =
      arrange(path, Format::idx_images, std::move(images), reading, std::move(labels));
  content.files.push_back(fs::absolute(*beside).lexically_normal().string());
  return content;
}

/// The arrays of an archive.
struct Archive {
  std::vector<std::string> names;
  std::function<bool(const std::string&)> readable;
  std::function<Array(const std::string&)> read;

  bool has(const std::string& name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
};

/// Chooses the array that holds the images: the one asked for, `imgs`, `images`, or the only
/// readable one that is neither labels nor factors.
std::string choose_images(const std::string& path, const Archive& archive,
                          const std::string& wanted, const Reading& reading) {
  const auto is_apart = [&](const std::string& name) {
    const std::vector<std::string>& of = reading.condition;
    return is_label_word(name) || is_factor_word(name) || name == reading.label ||
           (reading.missing && name == mask_name) ||
           std::find(of.begin(), of.end(), name) != of.end();
  };
  if (!wanted.empty()) {
    if (archive.has(wanted)) return wanted;
    fail(path, "has no member '{}', only: {}", wanted, joined(archive.names));
  }
  for (const char* usual : {"imgs", "images"})
    if (archive.has(usual)) return usual;
  std::vector<std::string> candidates;
  for (const std::string& name : archive.names)
    if (!is_apart(name) && archive.readable(name)) candidates.push_back(name);
  if (candidates.size() == 1) return candidates.front();
  if (candidates.empty()) fail(path, "holds no readable array but labels");
  fail(path, "has no member imgs or images; name one as FILE:member of: {}", joined(candidates));
}

/// The labels of an archive whose images are `images`, the array `chosen`.
Labels choose_labels(const std::string& path, const Archive& archive, const std::string& chosen,
                     const std::string& label, Array& images) {
  if (label == "none") return {};
  if (!label.empty() && !archive.has(label))
    throw SettingError("label", one_line(path + ": has no member '" + label +
                                         "', only: " + joined(archive.names)));
  const std::string name = label.empty() ? label_name(archive.names) : label;
  if (name.empty() || name == chosen) return {};
  if (!archive.readable(name))
    return {{}, {one_line("'" + name + "' holds no numbers: left out as labels")}};
  Labels labels = labels_of(archive.read(name), images, path, label);
  if (label.empty() && !labels.values.empty() && name != "labels")
    labels.notes.push_back(one_line("labels are '" + name + "'") + label_decides);
  return labels;
}

/// The numbers of an array as float32, NaN where the mask, of the same shape, is 0.
Array with_mask(const std::string& path, const Array& values, const Array& mask) {
  if (mask.shape != values.shape) {
    fail(path, "'{}' of shape {} does not fit examples of shape {}", mask_name,
         shape_text(mask.shape), shape_text(values.shape));
  }
  Array all{StoredType::float32, values.shape, {}};
  const auto count = std::size_t(values.count());
  all.bytes.resize(count * sizeof(float));
  const auto each = [](const Array& of, auto&& take) {
    of_type(of.type, [&]<class T>(T) {
      for (std::size_t i = 0; i < std::size_t(of.count()); ++i) {
        T value;
        std::memcpy(&value, of.bytes.data() + i * sizeof(T), sizeof(T));
        take(i, value);
      }
    });
  };
  const auto put = [&](std::size_t i, float value) {
    std::memcpy(all.bytes.data() + i * sizeof(float), &value, sizeof(float));
  };
  each(values, [&](std::size_t i, auto value) { put(i, float(value)); });
  each(mask, [&](std::size_t i, auto seen) {
    if (seen == 0) put(i, std::numeric_limits<float>::quiet_NaN());
  });
  return all;
}

/// The arrays [N] or [N, K] of an archive that a model is conditioned on, side by side.
std::vector<double> condition_of(const std::string& path, const Archive& archive,
                                 const std::vector<std::string>& names, std::int64_t count) {
  std::vector<std::vector<double>> columns;
  for (const std::string& name : names) {
    if (!archive.has(name) || !archive.readable(name))
      throw SettingError("condition", one_line(path + ": has no array of numbers '" + name +
                                               "', only: " + joined(archive.names)));
    const Array array = archive.read(name);
    if (array.shape.empty() || array.shape.size() > 2 || array.shape.front() != count)
      throw SettingError("condition",
                         one_line(fmt::format("{}: '{}' of shape {} is not [{}] or [{}, K]", path,
                                              name, shape_text(array.shape), count, count)));
    columns.push_back(to_double(array));
    check_finite_condition(path, name, columns.back());
  }
  return side_by_side(columns, std::size_t(count));
}

/// The columns that a model is conditioned on, which are taken out of those that are apart.
std::vector<double> take_condition(const std::string& path, TextTable& table,
                                   const std::vector<std::string>& names) {
  std::vector<std::vector<double>> columns;
  for (const std::string& name : names) {
    const auto at = std::find_if(
        table.apart.begin(), table.apart.end(),
        [&](const TableColumn& column) { return is_column(name, table.names, column.index); });
    if (at == table.apart.end())
      throw SettingError("condition",
                         one_line(path + ": has no column '" + name + "'" +
                                  (table.names.empty() ? "" : ", only: ") + joined(table.names)));
    if (at->text)
      throw SettingError("condition", one_line(path + ": column '" + name + "' holds '" +
                                               *at->text + "', which is no number"));
    columns.push_back(std::move(at->numbers));
    check_finite_condition(path, name, columns.back());
    table.apart.erase(at);
  }
  return side_by_side(columns, columns.empty() ? 0 : columns.front().size());
}

/// The factors beside the images `chosen`, of which there are `count`.
FactorTable choose_factors(const Archive& archive, const std::string& chosen, std::int64_t count) {
  std::vector<std::string> notes;
  const auto read = [&](const std::string& name) -> std::optional<Array> {
    if (name == chosen || !archive.has(name)) return std::nullopt;
    if (archive.readable(name)) return archive.read(name);
    notes.push_back(one_line("'" + name + "' holds no numbers: left out as factors"));
    return std::nullopt;
  };
  FactorTable factors;
  if (const std::optional<Array> both = read(factors_name)) {
    factors = factors_of(*both, count);
  } else {
    std::optional<Array> classes = read(factor_classes_name), values = read(factor_values_name);
    if (!classes) classes = read(encoded_classes_name);
    if (!values) values = read(encoded_values_name);
    factors = factors_of(classes ? &*classes : nullptr, values ? &*values : nullptr, count);
  }
  factors.notes.insert(factors.notes.begin(), notes.begin(), notes.end());
  return factors;
}

void add_factors(FileContent& content, FactorTable factors) {
  content.split.factors = std::move(factors.classes);
  content.split.factor_values = std::move(factors.values);
  content.factor_names = std::move(factors.names);
  content.notes.insert(content.notes.end(), factors.notes.begin(), factors.notes.end());
}

FileContent read_archive(const std::string& path, Format format, const Archive& archive,
                         const std::string& member, const Reading& reading) {
  const std::string chosen = choose_images(path, archive, member, reading);
  Array images = archive.read(chosen);
  if (images.shape.empty()) fail(path, "holds a single number, not a list of examples");
  const bool bytes = images.type == StoredType::uint8;
  const bool masked = reading.missing && archive.has(mask_name) && chosen != mask_name;
  if (masked) images = with_mask(path, images, archive.read(mask_name));
  Labels labels = choose_labels(path, archive, chosen, reading.label, images);
  FactorTable factors = choose_factors(archive, chosen, images.shape.front());
  std::vector<double> condition =
      condition_of(path, archive, reading.condition, images.shape.front());
  FileContent content = arrange(path, format, std::move(images), reading, std::move(labels));
  content.split.condition = std::move(condition);
  if (masked && bytes) {
    content.notes.push_back(one_line("'" + chosen +
                                     "' holds bytes with a mask, which are not scaled "
                                     "unless a scale is given: 255 for pixels"));
  }
  add_factors(content, std::move(factors));
  return content;
}

FileContent read_npz(const std::string& path, const std::shared_ptr<const Input>& input,
                     const std::string& member, const Reading& reading) {
  const Npz npz(input);
  const Archive archive{npz.names(),
                        [&](const std::string& name) { return npz.header(name).readable; },
                        [&](const std::string& name) { return npz.read(name); }};
  return read_archive(path, Format::npz, archive, member, reading);
}

FileContent read_safetensors(const std::string& path, const std::shared_ptr<const Input>& input,
                             const std::string& member, const Reading& reading) {
  const safetensors::Reader reader(input);
  const std::string note = reader.verify();
  Archive archive{{},
                  [&](const std::string& name) {
                    return safetensors::is_readable(reader.entries().at(name).dtype);
                  },
                  [&](const std::string& name) { return reader.read(name); }};
  for (const auto& [name, entry] : reader.entries()) archive.names.push_back(name);
  FileContent content = read_archive(path, Format::safetensors, archive, member, reading);
  if (!note.empty()) content.notes.push_back("the file " + note);
  return content;
}

FileContent from_table(const std::string& path, Format format, TextTable table,
                       const Reading& reading) {
  std::vector<double> condition = take_condition(path, table, reading.condition);
  Labels labels = labels_of(table, path, reading.label);
  if (table.values.count() == 0) fail(path, "holds no columns besides those left out");
  FactorTable factors = factors_of(table.apart);
  FileContent content = arrange(path, format, std::move(table.values), reading, std::move(labels));
  content.split.condition = std::move(condition);
  add_factors(content, std::move(factors));
  return content;
}

}  // namespace

FileContent read_file(const std::string& path, const std::string& member, const Reading& reading) {
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
      return read_idx_pair(path, input, reading);
    case Format::npy:
      check_no_name(path, reading, "it holds one array, without labels");
      return arrange(path, format, read_npy(*open_stream(input)), reading);
    case Format::npz:
      return read_npz(path, input, member, reading);
    case Format::safetensors:
      return read_safetensors(path, input, member, reading);
    case Format::amat:
      return from_table(path, format,
                        read_amat(*open_stream(input), columns_apart(reading), reading.missing),
                        reading);
    case Format::csv:
      return from_table(path, format,
                        read_csv(*open_stream(input), columns_apart(reading), reading.missing),
                        reading);
    case Format::idx_other:
      read_idx(*open_stream(input));  // which says what it is
      break;
    case Format::unknown:
      break;
  }
  fail(path,
       "its content is none of IDX, NPY, NPZ, safetensors, amat, CSV (each also gzipped, "
       "except NPZ and safetensors)");
}

}  // namespace nelbo::data
