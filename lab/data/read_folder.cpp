#include "lab/data/read_folder.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "lab/data/factors.hpp"
#include "lab/data/read_file.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data {
namespace {

namespace fs = std::filesystem;

struct DataFile {
  std::string path, stem;
  Format format;
};

/// The file name without ".gz" and then its extension.
std::string stem_of(const fs::path& path) {
  fs::path name = path.filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.stem().string();
}

/// Data files in the order of their names; where there are none, those that nobody reads, whose reader
/// says why. "x" hides "x.gz": torchvision keeps both.
std::vector<DataFile> data_files(const std::string& folder) {
  std::set<std::string> paths;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
        paths.insert(entry.path().string());
  } catch (const fs::filesystem_error& error) {
    fail(folder, "cannot be read: {}", error.code().message());
  }
  std::vector<DataFile> files, others;
  for (const std::string& path : paths) {
    if (path.ends_with(".gz") && paths.count(path.substr(0, path.size() - 3))) continue;
    const Format format = recognise(Input::open(path));
    if (format == Format::unknown || format == Format::idx_labels) continue;
    (format == Format::idx_other ? others : files).push_back({path, stem_of(path), format});
  }
  return files.empty() ? others : files;
}

/// The split that a word of the name stands for, or "".
std::string split_word(const std::string& stem) {
  static const std::map<std::string, std::string> words{
      {"train", "train"}, {"training", "train"},   {"background", "train"},
      {"valid", "valid"}, {"validation", "valid"}, {"val", "valid"},
      {"test", "test"},   {"t10k", "test"},        {"evaluation", "test"}};
  std::string word;
  for (const char c : stem + ".") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (const auto found = words.find(word); found != words.end()) return found->second;
    word.clear();
  }
  return "";
}

std::vector<std::string> split_names(const std::vector<DataFile>& files) {
  if (files.size() == 1) return {"train"};
  std::map<std::string, int> uses;
  for (const DataFile& file : files) ++uses[split_word(file.stem)];
  std::vector<std::string> names;
  for (const DataFile& file : files) {
    const std::string word = split_word(file.stem);
    names.push_back(word.empty() || uses[word] > 1 ? file.stem : word);
  }
  return names;
}

int rank(const std::string& name) {
  return name == "train" ? 0 : name == "valid" ? 1 : name == "test" ? 2 : 3;
}

}  // namespace

Dataset read_folder(const std::string& path, const Reading& reading) {
  const std::vector<DataFile> files = data_files(path);
  if (files.empty())
    fail(path, "holds no data files (looked for IDX images, NPZ, NPY, safetensors, amat, CSV)");
  for (const DataFile& file : files)
    if (file.format != files.front().format)
      fail(path, "holds files of several formats ({} and {}); name one file",
           format_name(files.front().format), format_name(file.format));

  Dataset dataset;
  dataset.format = format_name(files.front().format);
  const std::vector<std::string> names = split_names(files);
  std::vector<std::vector<std::string>> factor_names;
  for (std::size_t i = 0; i < files.size(); ++i) {
    FileContent content = read_file(files[i].path, "", reading);
    content.split.name = names[i];
    if (!dataset.splits.empty() && content.split.images.shape() != dataset.example_shape())
      fail(path, "holds examples of {} and of {}; name one file",
           shape_text(dataset.example_shape()), shape_text(content.split.images.shape()));
    dataset.splits.push_back(std::move(content.split));
    dataset.files.insert(dataset.files.end(), content.files.begin(), content.files.end());
    factor_names.push_back(std::move(content.factor_names));
    for (const std::string& note : content.notes) dataset.notes.push_back(names[i] + ": " + note);
  }
  name_factors(dataset, factor_names);
  std::stable_sort(dataset.splits.begin(), dataset.splits.end(),
                   [](const Split& a, const Split& b) { return rank(a.name) < rank(b.name); });
  return dataset;
}

}  // namespace nelbo::data
