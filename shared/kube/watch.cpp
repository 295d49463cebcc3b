#include "shared/kube/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace migrate::kube {
namespace {

using Kind = ApiError::Kind;

constexpr RetryPolicy kPatience{
    .attempts = 0, .first_wait = std::chrono::milliseconds{500}, .longest_wait = std::chrono::seconds{30}};
constexpr unsigned kFailuresUntilList = 3;

bool is_final(const ApiError& error) {
  switch (error.kind) {
    case Kind::not_found:
    case Kind::forbidden:
    case Kind::unauthorized:
    case Kind::invalid:
    case Kind::tls:
    case Kind::local:
      return true;
    default:
      return false;
  }
}

Selection by_name(Selection selection) {
  if (selection.path.name.empty()) return selection;
  const std::string own = "metadata.name=" + selection.path.name;
  selection.field_selector = selection.field_selector.empty() ? own : selection.field_selector + "," + own;
  return selection;
}

}  // namespace

Watch::Watch(Client& client, Pacer& pacer, Selection selection)
    : client_(client), pacer_(pacer), selection_(by_name(std::move(selection))) {}

bool Watch::tell(WatchSink& sink, const std::vector<Change>& changes) {
  return std::all_of(changes.begin(), changes.end(),
                     [&](const Change& change) { return sink.changed(change.kind, *change.object); });
}

ApiResult<bool> Watch::list(WatchSink& sink, const CallOptions& call) {
  ListOptions options;
  options.label_selector = selection_.label_selector;
  options.field_selector = selection_.field_selector;
  auto listed = client_.list(selection_.path.collection(), options, call);
  if (!listed) return tl::make_unexpected(listed.error());
  version_ = metadata_of(*listed, "resourceVersion");
  if (version_.empty())
    return tl::make_unexpected(
        local_error("list " + describe(selection_.path) + ": the list has no resourceVersion", Kind::malformed));
  std::vector<Json> items;
  for (Json& item : (*listed)["items"])
    items.push_back(std::move(item));
  return !tell(sink, known_.replace(std::move(items))) || !sink.synced();
}

ApiResult<bool> Watch::follow(WatchSink& sink, const CallOptions& call) {
  EventQuery query;
  query.label_selector = selection_.label_selector;
  query.field_selector = selection_.field_selector;
  query.resource_version = version_;
  // Spread, so that not all watches of a cluster come back at once.
  query.duration = std::chrono::seconds{300 + static_cast<long long>(pacer_.random() * 300)};
  bool enough = false;
  auto ended = client_.events(
      selection_.path.collection(), query,
      [&](std::string_view type, const Json& object) {
        progressed_ = true;
        if (std::string version = metadata_of(object, "resourceVersion"); !version.empty())
          version_ = std::move(version);
        enough = type != "BOOKMARK" && !tell(sink, known_.take(type, object));
        return !enough;
      },
      call);
  if (!ended) return tl::make_unexpected(ended.error());
  return enough;
}

ApiResult<void> Watch::run(WatchSink& sink, const std::stop_token& stop, std::chrono::milliseconds timeout) {
  const auto began = pacer_.now();
  const auto remaining = [&] {
    if (timeout == http::kNoTimeout) return timeout;
    return timeout - std::chrono::duration_cast<std::chrono::milliseconds>(pacer_.now() - began);
  };
  unsigned failures = 0;  // in a row, without an event between
  bool expired = false;   // the last failure was a 410
  while (!stop.stop_requested()) {
    if (remaining() <= std::chrono::milliseconds{0})
      return tl::make_unexpected(local_error("timed out watching " + describe(selection_.path), Kind::deadline));
    const auto asked_at = pacer_.now();
    const bool listing = version_.empty();
    progressed_ = false;
    auto enough = listing
                      ? list(sink, {std::min<std::chrono::milliseconds>(remaining(), std::chrono::minutes{2}), stop})
                      : follow(sink, {remaining(), stop});
    if (stop.stop_requested()) break;
    if (enough && *enough) return {};
    // The end of a stream is normal, unless it comes at once and without a word.
    const bool followed = !listing && (progressed_ || (enough && pacer_.now() - asked_at >= std::chrono::seconds{1}));
    if (followed) {
      failures = 0;
      expired = false;
    }
    if (enough && (listing || followed)) continue;

    if (!enough && enough.error().kind == Kind::expired) {
      version_.clear();
      // History that is gone is no trouble; a server that says so again after the list is.
      if (!std::exchange(expired, true)) continue;
    }
    auto wait = std::chrono::milliseconds{0};
    ++failures;
    if (!enough) {
      const ApiError& error = enough.error();
      if (is_final(error)) return tl::make_unexpected(error);
      if (error.kind == Kind::malformed || failures % kFailuresUntilList == 0) version_.clear();
      if (error.kind != Kind::deadline || remaining() > std::chrono::milliseconds{0}) sink.troubled(error);
      wait = std::max<std::chrono::milliseconds>(wait, error.retry_after.value_or(std::chrono::seconds{0}));
    }
    wait = std::max(wait, back_off(failures, pacer_.random(), kPatience));
    pacer_.sleep(std::min(wait, remaining()), stop);
  }
  return {};
}

namespace {

class Waiter final : public WatchSink {
 public:
  Waiter(const Watch& watch, const SetPredicate& is_reached) : watch_(watch), is_reached_(is_reached) {}
  bool changed(ChangeKind, const Json&) override { return !synced_ || look(); }
  bool synced() override {
    synced_ = true;
    return look();
  }
  void troubled(const ApiError& error) override { trouble_ = error.text(); }
  [[nodiscard]] bool is_done() const { return done_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  bool look() {
    done_ = is_reached_(watch_.known());
    return !done_;
  }
  const Watch& watch_;
  const SetPredicate& is_reached_;
  bool synced_ = false;  // before, only a part is known
  bool done_ = false;
  std::string trouble_;
};

}  // namespace

ApiResult<KnownObjects> wait_for_set(Client& client, Pacer& pacer, const Selection& selection,
                                     const SetPredicate& is_reached, std::chrono::milliseconds timeout,
                                     const std::stop_token& stop) {
  Watch watch{client, pacer, selection};
  Waiter waiter{watch, is_reached};
  auto ended = watch.run(waiter, stop, timeout);
  if (waiter.is_done()) return watch.known();
  if (ended)
    return tl::make_unexpected(local_error("wait for " + describe(selection.path) + ": cancelled", Kind::cancelled));
  if (ended.error().kind == Kind::deadline)
    ended.error().message = fmt::format(
        "timed out after {} s waiting for {}{}", std::chrono::duration_cast<std::chrono::seconds>(timeout).count(),
        describe(selection.path), waiter.trouble().empty() ? "" : "; last trouble: " + waiter.trouble());
  return tl::make_unexpected(ended.error());
}

Lookup<Json, ApiError> wait_for(Client& client, Pacer& pacer, const ResourcePath& object,
                                const ObjectPredicate& is_reached, std::chrono::milliseconds timeout,
                                const std::stop_token& stop) {
  const auto began = pacer.now();
  auto first = client.get(object, {timeout, stop});
  if (!first && is_final(first.error())) return first;
  if (first && is_reached(*first ? &**first : nullptr)) return first;
  std::optional<Json> reached;
  const auto left = timeout == http::kNoTimeout
                        ? timeout
                        : timeout - std::chrono::duration_cast<std::chrono::milliseconds>(pacer.now() - began);
  auto waited = wait_for_set(
      client, pacer, {object, "", ""},
      [&](const KnownObjects& objects) {
        const Json* found = objects.find(object.namespace_, object.name);
        if (!is_reached(found)) return false;
        if (found != nullptr) reached = *found;
        return true;
      },
      left, stop);
  if (!waited) return tl::make_unexpected(waited.error());
  return reached;
}

}  // namespace migrate::kube
