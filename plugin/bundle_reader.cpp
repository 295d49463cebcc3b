#include "plugin/bundle_reader.h"

#include <fmt/format.h>

#include <utility>

#include "plugin/format.h"
#include "plugin/json_path.h"
#include "plugin/look.h"
#include "shared/support/redaction.h"

namespace migrate::plugin {
namespace {

// Of all of it. Somebody waits for it, mostly while something does not work.
constexpr std::chrono::minutes kPatience{5};
constexpr std::chrono::seconds kLogTimeout{30};
// A log is read from its beginning, and only what is wanted of it is kept.
constexpr Bytes kMostOfLog = 128_MiB;

std::string attempt_of(std::string_view verb, const kube::ResourcePath& path) {
  return fmt::format("{} {}{}", verb, kube::describe(path),
                     path.namespace_.empty() ? "" : " in namespace " + path.namespace_);
}

// The server leaves them out of a list's items; its own kind says what they are, "PodList".
void name_kind(Json& item, const Json& list) {
  constexpr std::string_view kList = "List";
  const std::string kind = text_at(list, {"kind"});
  if (!kind.ends_with(kList) || kind.size() == kList.size() || item.contains("kind")) return;
  item["kind"] = kind.substr(0, kind.size() - kList.size());
  item["apiVersion"] = text_at(list, {"apiVersion"});
}

}  // namespace

BundleReader::BundleReader(const Session& session, support::Bundle& bundle)
    : session_(session), bundle_(bundle), until_(session.io.pacer.now() + kPatience) {}

std::optional<Json> BundleReader::get(const kube::ResourcePath& path) {
  const std::string attempt = attempt_of("get", path);
  if (!may_ask(attempt)) return std::nullopt;
  auto found = session_.client.get(path, {.timeout = kLookTimeout, .stop = {}});
  if (!found) {
    note(attempt, found.error());
    return std::nullopt;
  }
  has_read_ = true;
  if (!*found) {
    bundle_.could_not(attempt, "it is not there");
    return std::nullopt;
  }
  return support::redacted(std::move(**found));
}

std::vector<Json> BundleReader::list(const kube::ResourcePath& collection, const kube::ListOptions& options) {
  const std::string attempt = attempt_of("list", collection);
  if (!may_ask(attempt)) return {};
  auto list = session_.client.list(collection, options, {.timeout = kLookTimeout, .stop = {}});
  if (!list) {
    note(attempt, list.error());
    return {};
  }
  has_read_ = true;
  std::vector<Json> items;
  items.reserve(list->at("items").size());
  for (Json& item : list->at("items")) {
    name_kind(item, *list);
    items.push_back(support::redacted(std::move(item)));
  }
  return items;
}

std::optional<Json> BundleReader::ask(const std::string& target) {
  const std::string attempt = "get " + target;
  if (!may_ask(attempt)) return std::nullopt;
  const auto body = session_.client.raw_get(target, {.timeout = kLookTimeout, .stop = {}});
  if (!body) {
    note(attempt, body.error());
    return std::nullopt;
  }
  has_read_ = true;
  Json answer = Json::parse(*body, nullptr, /*allow_exceptions=*/false);
  if (answer.is_discarded()) {
    bundle_.could_not(attempt, "the answer is not JSON");
    return std::nullopt;
  }
  return support::redacted(std::move(answer));
}

bool BundleReader::log(const kube::ResourcePath& pod, const kube::LogOptions& options, support::LogLines& lines) {
  const std::string attempt = attempt_of(options.previous ? "read the previous log of" : "read the log of", pod) +
                              (options.container.empty() ? "" : ", container " + options.container);
  if (!may_ask(attempt)) return false;
  Bytes read;
  const auto done = session_.client.logs(pod, options,
                                         [&](std::string_view piece) {
                                           lines.feed(piece);
                                           read.count += piece.size();
                                           return read < kMostOfLog && !session_.io.interrupted();
                                         },
                                         {.timeout = kLogTimeout, .stop = {}});
  if (!done) note(attempt, done.error());
  if (done) has_read_ = true;
  if (read >= kMostOfLog)
    bundle_.could_not(attempt, fmt::format("only the first {} of it were looked at", bytes_text(kMostOfLog)));
  return done || read.count > 0;
}

std::vector<std::string> BundleReader::take_troubles() {
  return std::exchange(troubles_, {});
}

bool BundleReader::may_ask(const std::string& attempt) {
  if (session_.io.interrupted() || !cut_off_by_.empty()) return false;
  if (session_.io.pacer.now() < until_) return true;
  bundle_.could_not(attempt, fmt::format("not tried: collecting has taken {} minutes", kPatience.count()));
  troubles_.push_back(attempt + ": there was no time left");
  return false;
}

void BundleReader::note(const std::string& attempt, const kube::ApiError& error) {
  bundle_.could_not(attempt, error.text());
  troubles_.push_back(error.kind == kube::ApiError::Kind::forbidden ? "you have no right to " + attempt
                                                                    : attempt + ": " + one_line(error.text()));
  const bool was_answered = error.http_code != 0 || error.kind == kube::ApiError::Kind::local || has_read_;
  if (!was_answered) cut_off_by_ = error.text();
}

}  // namespace migrate::plugin
