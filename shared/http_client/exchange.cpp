#include "shared/http_client/exchange.h"

#include <utility>

namespace migrate::http {

void Exchange::receive_head(HttpResponse head) {
  {
    const std::lock_guard lock{mutex_};
    head_ = std::move(head);
    head_received_ = true;
  }
  changed_.notify_all();
}

bool Exchange::receive(std::string_view piece, std::function<void()> resume) {
  bool room = true;
  {
    const std::lock_guard lock{mutex_};
    if (abandoned_) return true;
    data_.append(piece);
    if (data_.size() >= kReadAhead) {
      resume_ = std::move(resume);
      room = false;
    }
  }
  changed_.notify_all();
  return room;
}

void Exchange::finish() {
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
  }
  changed_.notify_all();
}

void Exchange::fail(std::string what, long code) {
  {
    const std::lock_guard lock{mutex_};
    if (ended_ || breakage_) return;
    breakage_ = Breakage{std::move(what), code, head_received_};
  }
  changed_.notify_all();
}

Exchange::Next Exchange::next(std::chrono::steady_clock::time_point until, const std::stop_token& stop,
                              HttpResponse& head, std::string& data) {
  std::function<void()> resume;
  std::unique_lock lock{mutex_};
  const auto something = [&] { return head_ || (head_received_ && !data_.empty()) || ended_ || breakage_; };
  // A steady clock's maximum overflows when it is turned into the system's; a day is long enough to look again.
  bool ready = false;
  while (!ready && !stop.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) break;
    ready = changed_.wait_until(lock, stop, std::min(until, now + std::chrono::hours{24}), something);
  }
  if (stop.stop_requested()) return Next::stopped;
  if (!ready && !something()) return Next::timed_out;
  if (head_) {
    head = std::move(*head_);
    head_.reset();
    return Next::head;
  }
  if (head_received_ && !data_.empty()) {
    data = std::exchange(data_, {});
    resume = std::exchange(resume_, nullptr);
    lock.unlock();
    if (resume) resume();
    return Next::data;
  }
  return breakage_ ? Next::failed : Next::end;
}

void Exchange::abandon() {
  std::function<void()> resume;
  {
    const std::lock_guard lock{mutex_};
    abandoned_ = true;
    data_.clear();
    resume = std::exchange(resume_, nullptr);
  }
  if (resume) resume();
}

Breakage Exchange::breakage() const {
  const std::lock_guard lock{mutex_};
  return breakage_.value_or(Breakage{});
}

}  // namespace migrate::http
