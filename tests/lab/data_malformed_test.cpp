#include <limits>

#include "autodiff/error.hpp"
#include "lab/data/load.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

struct Bad {
  std::string what, file, content, reason;
};

std::string st(const std::string& json, const std::string& data = "") {
  return tests::safetensors(json, data);
}

/// The header's entry of one tensor.
std::string entry(const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "U8", const std::string& name = "a") {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

std::string of_entries(const std::vector<std::string>& entries, const std::string& data) {
  std::string header;
  for (const std::string& one : entries) header.append(header.empty() ? "{" : ",").append(one);
  return st(header.append("}"), data);
}

/// A file of one tensor.
std::string one_tensor(const std::string& shape, const std::string& offsets,
                       const std::string& data = "x", const std::string& dtype = "U8") {
  return of_entries({entry(shape, offsets, dtype)}, data);
}

/// An .npz archive of the member imgs.
std::string imgs(const std::string& array) { return zip({{"imgs.npy", array}}); }

const float nan_value = std::numeric_limits<float>::quiet_NaN();

std::vector<Bad> bad_idx() {
  const std::string good = idx({2, 2, 2}, std::string(8, '\1'));
  return {
      {"empty", "a-ubyte", "", "truncated: the IDX magic number"},
      {"half a magic number", "a-ubyte", raw({0, 0}), "truncated"},
      {"wrong magic", "a-ubyte", raw({1, 2, 3, 4, 5, 6, 7, 8}), "wrong IDX magic number 01020304"},
      {"element type", "a-ubyte", raw({0, 0, 13, 3, 0, 0, 0, 0}), "element type 0x0d"},
      {"no axes", "a", raw({0, 0, 8, 0, 0, 0}), "0 axes"},
      {"255 axes", "a", raw({0, 0, 8, 255, 0, 0}), "255 axes"},
      {"sizes missing", "a", good.substr(0, 10), "truncated: the size of an IDX axis"},
      {"values missing", "a", good.substr(0, 20), "header promises 2 x 2 x 2 values (8 bytes)"},
      {"values left over", "a", good + "x", "more bytes than its header promises"},
      {"absurd sizes", "a", idx({0xffffffff, 0xffffffff, 0xffffffff}, "x"), "absurd shape"},
      {"more than the file", "a", idx({0xffffffff, 28, 28}, "x"), "the file can hold at most"},
      {"no images", "a", idx({0, 28, 28}, ""), "holds no examples"},
      {"only labels", "a", idx({3}, "abc"), "holds labels"},
      {"truncated gzip", "a", gzip(good).substr(0, 25), "truncated gzip data"},
      {"damaged gzip", "a.gz", raw({0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff}),
       "damaged gzip data"},
      {"gzip checksum", "a",
       [&] {
         std::string packed = gzip(good);
         packed[packed.size() - 6] ^= 1;
         return packed;
       }(),
       "damaged gzip data (incorrect data check)"},
      {"garbage behind gzip", "a", gzip(good) + "garbage", "damaged gzip data"},
  };
}

std::vector<Bad> bad_text() {
  return {
      {"a word", "a.amat", "0 1\n0 x\n", "line 2, column 2: 'x' is not a number"},
      {"NaN", "a.amat", "0 1\nnan 1\n", "line 2, column 1: 'nan' is not a finite number"},
      {"infinity", "a.amat", "0 inf\n", "is not a finite number"},
      {"beyond float32", "a.amat", "0 1e300\n", "is not a finite number within float32"},
      {"beyond double", "a.amat", "0 1e999\n", "is not a number"},
      {"short row", "a.amat", "0 1 1\n0 1\n", "line 2 has 2 values, the lines before it 3"},
      {"long row", "a.amat", "0\n0 1\n", "line 2 has 2 values, the lines before it 1"},
      {"nothing", "a.amat", "\n \n", "holds no rows"},
      {"binary", "a.amat", raw({0, 1, 2, 3}), "is not a number"},
      {"endless field", "a.amat", "0 " + std::string(5000, '1') + "\n", "a field is too long"},
      {"empty csv", "a.csv", "", "holds no rows"},
      {"header alone", "a.csv", "a,b\n", "holds no rows"},
      {"empty field", "a.csv", "a,b\n1,2\n1,\n", "line 3, column 2: '' is not a number"},
      {"csv NaN", "a.csv", "a,b\n1,2\n1,NaN\n", "line 3, column 2: 'NaN' is not a finite"},
      {"row longer than the header", "a.csv", "a,b\n1,2,3\n", "line 2 has 3 values"},
      {"labels alone", "a.csv", "label\n1\n", "holds no columns besides those left out"},
      {"line breaks in a field", "a.csv", "a,b\n1,2\n1,\x1b[31m\n", "'\\x1b[31m' is not a number"},
  };
}

std::vector<Bad> bad_npy() {
  const std::string values = bytes_of<float>({1, 2, 3, 4});
  const std::string good = npy("<f4", "(2, 2)", values);
  const auto header = [](const std::string& text, int version = 1) {
    return "\x93NUMPY" + raw({version, 0}) + little(text.size(), version == 1 ? 2 : 4) + text;
  };
  const std::string type = "'descr': '|u1', ", order = "'fortran_order': False, ",
                    shape = "'shape': (1, 1), ";
  return {
      {"magic alone", "a.npy", "\x93NUMPY", "truncated: the .npy magic"},
      {"wrong magic", "a.npy", "\x93NUMPI" + good.substr(6), "wrong .npy magic"},
      {"version", "a.npy", header("{}", 9), "version 9 is not known"},
      {"header cut", "a.npy", good.substr(0, 30), "truncated: the .npy header"},
      {"absurd header", "a.npy", "\x93NUMPY" + raw({2, 0}) + little(0xfffffff0, 4) + "{",
       "absurd .npy header length"},
      {"no dictionary", "a.npy", header("hello"), "malformed .npy header"},
      {"no shape", "a.npy", header("{" + type + order + "}"), "malformed .npy header"},
      {"shape twice", "a.npy", header("{" + type + order + shape + shape + "}"), "malformed"},
      {"unknown key", "a.npy", header("{" + type + order + shape + "'x': 1}"), "malformed"},
      {"unclosed", "a.npy", header("{" + type + order + "'shape': (1,"), "malformed"},
      {"record never closed", "a.npy", header("{'descr': [('a', ["), "malformed"},
      {"negative size", "a.npy", npy("|u1", "(-1, 2)", "xx"), "negative size"},
      {"size beyond 64 bits", "a.npy", npy("|u1", "(99999999999999999999,)", "x"), "malformed"},
      {"overflowing product", "a.npy", npy("<f8", "(4294967296, 4294967296, 2)", "x"), "absurd"},
      {"an absurd axis behind an empty one", "a.npy", npy("<f8", "(0, 4611686018427387904, 9)", ""),
       "absurd"},
      {"more than the file", "a.npy", npy("<f4", "(1099511627776,)", values), "can hold at most"},
      {"too many axes", "a.npy",
       npy(
           "|u1",
           "(" +
               [] {
                 std::string ones;
                 for (int i = 0; i < 65; ++i) ones += "1, ";
                 return ones;
               }() +
               ")",
           "x"),
       "malformed"},
      {"truncated", "a.npy", good.substr(0, good.size() - 1),
       "truncated: the header promises 2 x 2 values (16 bytes), 15 are there"},
      {"truncated and gzipped", "a.npy", gzip(good.substr(0, good.size() - 1)),
       "truncated: the header promises 2 x 2 values"},
      {"surplus", "a.npy", good + "x", "more bytes"},
      {"big-endian", "a.npy", npy(">f4", "(2, 2)", values), "'>f4' cannot be read"},
      {"pickle", "a.npy", npy("|O", "(2,)", "\x80\4."), "'|O' cannot be read"},
      {"text", "a.npy", npy("<U3", "(2,)", std::string(24, 'x')), "'<U3' cannot be read"},
      {"a scalar", "a.npy", npy("<f4", "()", bytes_of<float>({1})), "a single number"},
      {"empty", "a.npy", npy("<f4", "(0, 3)", ""), "holds no examples"},
      {"NaN", "a.npy", npy("<f4", "(2, 2)", bytes_of<float>({1, 2, 3, nan_value})),
       "example 1 holds nan at position 1"},
      {"double beyond float32", "a.npy", npy("<f8", "(1, 1)", bytes_of<double>({1e300})),
       "example 0 holds 1e+300"},
  };
}

std::vector<Bad> bad_npz() {
  const std::string array = npy("|u1", "(1, 2)", raw({0, 1}));
  const std::string good = zip({{"imgs.npy", array, true}});
  const auto size = static_cast<std::int64_t>(array.size());
  return {
      {"not a zip", "a.npz", "hello", "damaged zip archive"},
      {"directory missing", "a.npz", good.substr(0, good.size() - 40), "damaged zip archive"},
      {"truncated", "a.npz", good.substr(0, 50), "damaged zip archive"},
      {"more entries than there are", "a.npz", zip({{"imgs.npy", array}}, 60000),
       "damaged zip archive"},
      {"offset beyond the file", "a.npz", zip({{"imgs.npy", array, false, -1, -1, 1 << 30}}),
       "damaged zip archive"},
      {"claims more than deflate can hold", "a.npz", zip({{"imgs.npy", array, true, 1 << 30}}),
       "a.npz:imgs: claims 1073741824 bytes, more than"},
      {"overlapping members", "a.npz",
       zip({{"imgs.npy", array}, {"b.npy", array, false, size, size, 0}}), "damaged zip archive"},
      {"one name twice", "a.npz", zip({{"imgs.npy", array}, {"imgs.npy", array}}),
       "damaged zip archive (two members of one name)"},
      {"damaged content", "a.npz",
       zip({{"imgs.npy", array, true, -1, -1, -1, std::string("\xff\xff\xff\xff")}}),
       "a.npz:imgs: damaged member"},
      {"checksum", "a.npz", zip({{"imgs.npy", array, true, -1, -1, -1, {}, 1}}),
       "damaged member (CRC error)"},
      {"no array", "a.npz", zip({{"readme.txt", "hello"}}), "a.npz:readme.txt: "},
      {"empty archive", "a.npz", zip({}), "holds no readable array"},
      {"pickles alone", "a.npz", zip({{"metadata.npy", npy("|O", "()", "x")}}),
       "holds no readable array"},
      {"truncated array", "a.npz", imgs(array.substr(0, array.size() - 1)),
       "truncated: the header promises 1 x 2 values"},
      {"surplus in the array", "a.npz", imgs(array + "x"), "more bytes"},
      {"NaN", "a.npz", imgs(npy("<f4", "(1, 1)", bytes_of<float>({nan_value}))), "holds nan"},
  };
}

std::vector<Bad> bad_safetensors() {
  const std::string name = "a.safetensors";
  return {
      {"empty", name, "", "truncated"},
      {"header length alone", name, little(2, 8), "can hold at most"},
      {"absurd header length", name, little(~std::uint64_t{0}, 8) + "{}", "absurd safetensors"},
      {"100 MB of header promised", name, little(100000000, 8) + "{}", "can hold at most"},
      {"no JSON", name, little(4, 8) + "{abc", "malformed JSON"},
      {"unfinished JSON", name, st(R"({"a":{"dtype":"U8")"), "malformed JSON"},
      {"two values", name, st("{}{}"), "malformed JSON"},
      {"not an object", name, st("[]"), "does not start with '{'"},
      {"deep nesting", name, st("{\"a\":" + std::string(60000, '[')), "a list where none belongs"},
      {"number for a tensor", name, st(R"({"a":1})"), "a number where none belongs"},
      {"unknown field", name, st(R"({"a":{"type":"U8"}})"), "text where none belongs"},
      {"field missing", name, st(R"({"a":{"dtype":"U8","shape":[1]}})", "x"), "lacks dtype"},
      {"field twice", name, st(R"({"a":{"dtype":"U8","dtype":"U8"}})"), "gives 'dtype' twice"},
      {"name twice", name, of_entries({entry("[1]", "[0,1]"), entry("[1]", "[0,1]")}, "x"),
       "names 'a' twice"},
      {"negative size", name, one_tensor("[-1]", "[0,1]"), "a negative number"},
      {"fractional size", name, one_tensor("[1.5]", "[0,1]"), "a fraction"},
      {"three offsets", name, one_tensor("[1]", "[0,1,2]"), "a number where none"},
      {"one offset", name, one_tensor("[1]", "[0]"), "must hold two numbers"},
      {"unknown dtype", name, one_tensor("[1]", "[0,1]", "x", "X9"), "unknown dtype 'X9'"},
      {"offset beyond the file", name, one_tensor("[9]", "[0,9]"), "lie outside"},
      {"offsets backwards", name, one_tensor("[1]", "[1,0]"), "lie outside"},
      {"huge offset", name, one_tensor("[1]", "[18446744073709551614,18446744073709551615]"),
       "lie outside"},
      {"size against offsets", name, one_tensor("[2]", "[0,1]"), "needs 2 bytes"},
      {"absurd shape", name, one_tensor("[4294967296,4294967296]", "[0,1]"), "absurd"},
      {"overlap", name,
       of_entries({entry("[2]", "[0,2]"), entry("[2]", "[1,3]", "U8", "b")}, "xyz"), "overlaps"},
      {"hole", name, of_entries({entry("[1]", "[0,1]"), entry("[1]", "[2,3]", "U8", "b")}, "xyz"),
       "belong to no tensor"},
      {"surplus", name, one_tensor("[1]", "[0,1]", "xy"), "1 bytes follow"},
      {"half floats", name, one_tensor("[1,1]", "[0,2]", "xy", "BF16"), "holds no readable array"},
      {"metadata that is no text", name, st(R"({"__metadata__":{"a":1}})"), "a number where none"},
      {"line breaks in a name", name, st("{\"a\\nb\":{\"dtype\":\"U8\"}}"),
       "tensor 'a\\x0ab' lacks"},
      {"NaN", name, one_tensor("[1,1]", "[0,4]", bytes_of<float>({nan_value}), "F32"), "holds nan"},
  };
}

std::vector<Bad> bad_others() {
  return {
      {"unknown content", "a.dat", "hello, world", "none of IDX, NPY, NPZ, safetensors, amat, CSV"},
      {"unknown binary", "a.mat", "MATLAB 5.0 MAT-file" + raw({0, 1, 2}), "none of IDX"},
      {"gzipped zip", "a.npz", gzip(zip({})), "is packed with gzip"},
  };
}

}  // namespace

TEST_CASE("A malformed file gives one clear line that names the file and the reason") {
  const TempFolder folder;
  for (const auto& table :
       {bad_idx(), bad_text(), bad_npy(), bad_npz(), bad_safetensors(), bad_others()}) {
    for (const Bad& bad : table) {
      INFO(bad.file << ": " << bad.what);
      const std::string path = folder.write(bad.file, bad.content);
      std::string message;
      try {
        data::read_dataset(path);
      } catch (const Error& error) {
        message = error.what();
      }
      CHECK_THAT(message, contains(bad.reason));
      CHECK_THAT(message, contains(path));
      CHECK(message.find('\n') == std::string::npos);
      CHECK(message.size() < 600);
    }
  }
}

TEST_CASE("Labels beside IDX images must be as many") {
  const TempFolder folder;
  const std::string path = folder.write("x-images-idx3-ubyte", idx({2, 1, 1}, raw({0, 1})));
  const std::string labels = folder.write("x-labels-idx1-ubyte", idx({3}, raw({0, 1, 2})));
  CHECK_THROWS_WITH(data::read_dataset(path),
                    contains(labels + ": holds labels of shape 3 for images of shape 2 x 1 x 1"));
}

TEST_CASE("Things that are no data files are refused without waiting") {
  const TempFolder folder;
  CHECK_THROWS_WITH(data::read_dataset(folder.path()), contains("holds no data files"));
  const std::string pipe = folder.path() + "/pipe";
  REQUIRE(std::system(("mkfifo '" + pipe + "'").c_str()) == 0);
  CHECK_THROWS_WITH(data::read_dataset(pipe), contains("is not a regular file"));
  const std::string empty = folder.write("member.amat", "1 2\n");
  CHECK_THROWS_WITH(data::read_dataset(empty + ":x"), contains("has no members"));
}
