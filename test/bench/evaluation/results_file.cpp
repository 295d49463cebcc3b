#include "test/bench/evaluation/results_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>

namespace evaluation {
namespace {

std::string whole(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Found {
  std::set<Run> done;
  std::size_t good = 0;  // so many bytes of the file are whole runs
};

// Lines are cut by hand: none of ours has a line's end in it, and of one that was cut off the reader would make a
// fault. `text` begins with the header. A run's lines stand together, and only the last run's may be fewer than they
// should.
migrate::Result<Found> read_runs(const std::string& text) {
  Found found;
  std::size_t at = text.find('\n') + 1;
  found.good = at;
  std::optional<Run> current;
  int members = 0;
  int line_number = 1;
  for (std::size_t end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    ++line_number;
    const auto line = parse_csv(std::string_view{text}.substr(at, end - at));
    if (!line) return migrate::failure(fmt::format("line {}: {}", line_number, line.error().message));
    if (line->empty()) return migrate::failure(fmt::format("line {} is empty", line_number));
    auto run = run_in(columns(), line->front());
    if (!run) return migrate::failure(fmt::format("line {}: {}", line_number, run.error().message));
    members = current == *run ? members + 1 : 1;
    current = std::move(*run);
    if (members != current->cell.at_once) continue;
    found.done.insert(*current);
    found.good = end + 1;
  }
  return found;
}

}  // namespace

migrate::Result<ResultsFile> ResultsFile::open(const std::filesystem::path& path, Mode mode) {
  const int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (mode == Mode::create ? O_EXCL : 0);
  migrate::Descriptor file{::open(path.c_str(), flags, 0644)};  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (!file.is_open() && errno == EEXIST)
    return migrate::failure(
        fmt::format("{} is there already: --resume goes on with it, --out names another folder", path.string()));
  if (!file.is_open()) return migrate::failure(fmt::format("open {}: {}", path.string(), migrate::reason()));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return migrate::failure(fmt::format("{} is being written by another evaluation", path.string()));
  ResultsFile results{path, std::move(file)};
  if (auto read = results.read_what_is_there().and_then([&] { return results.read_what_was_under_way(); }); !read)
    return tl::make_unexpected(read.error());
  return results;
}

migrate::Result<void> ResultsFile::read_what_is_there() {
  const std::string text = whole(path_);
  const std::string header = csv_line(columns());
  // Cut off within the header, there is nothing to be lost.
  if (header.starts_with(text) && text != header) {
    if (::ftruncate(file_.get(), 0) != 0)
      return migrate::failure(fmt::format("empty {}: {}", path_.string(), migrate::reason()));
    return write(header);
  }
  if (!text.starts_with(header))
    return migrate::failure(fmt::format(
        "{} has other columns, so another version has written it: --out names another folder", path_.string()));
  auto found = read_runs(text);
  if (!found) return tl::make_unexpected(found.error().within("read " + path_.string()));
  if (found->good < text.size() && ::ftruncate(file_.get(), static_cast<off_t>(found->good)) != 0)
    return migrate::failure(
        fmt::format("take the last run, which was cut off, out of {}: {}", path_.string(), migrate::reason()));
  done_ = std::move(found->done);
  return {};
}

migrate::Result<void> ResultsFile::read_what_was_under_way() {
  const auto lines = parse_csv(whole(note()));
  if (!lines) return tl::make_unexpected(lines.error().within("read " + note().string()));
  if (lines->empty()) return {};
  auto run = run_in(columns(), lines->front());
  if (!run) return tl::make_unexpected(run.error().within("read " + note().string()));
  if (!done_.contains(*run)) interrupted_ = std::move(*run);
  return {};
}

migrate::Result<void> ResultsFile::begin(const Run& run) const {
  std::ofstream file{note(), std::ios::trunc};
  file << csv_line(Row{run, 0}.fields()) << std::flush;
  if (!file) return migrate::failure(fmt::format("write to {}: {}", note().string(), migrate::reason()));
  return {};
}

migrate::Result<void> ResultsFile::append(const Run& run, const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows)
    text += csv_line(row.fields());
  if (auto written = write(text); !written) return written;
  done_.insert(run);
  std::error_code absent;
  std::filesystem::remove(note(), absent);
  return {};
}

migrate::Result<void> ResultsFile::write(const std::string& text) const {
  const ssize_t written = ::write(file_.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fsync(file_.get()) != 0)
    return migrate::failure(
        fmt::format("write to {}: {}", path_.string(), written < 0 ? migrate::reason() : "disk full?"));
  return {};
}

}  // namespace evaluation
