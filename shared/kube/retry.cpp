#include "shared/kube/retry.h"

#include <algorithm>

namespace migrate::kube {
namespace {

using Kind = http::HttpError::Kind;

bool is_worth_repeating(const Attempt& attempt) {
  if (attempt.broke) {
    // What never reached the server may always be sent again.
    if (*attempt.broke == Kind::connect) return true;
    if (*attempt.broke == Kind::cut_off) return attempt.repeat != Repeat::never || !attempt.may_have_run;
    return false;
  }
  // A server that names a time asks for it. An eviction's 429 is an answer, and evictions are never repeated.
  const bool busy = attempt.status == 429 || attempt.status / 100 == 5;
  return busy && attempt.retry_after && attempt.repeat != Repeat::never;
}

}  // namespace

std::chrono::milliseconds back_off(unsigned failures, double random, const RetryPolicy& policy) {
  const auto doubled = policy.first_wait * (1LL << std::min(failures > 0 ? failures - 1 : 0U, 20U));
  const auto whole = std::min<std::chrono::milliseconds>(doubled, policy.longest_wait);
  const auto half = whole / 2;
  return half + std::chrono::milliseconds{static_cast<long long>(static_cast<double>((whole - half).count()) * random)};
}

RetryDecision decide(const Attempt& attempt, const RetryPolicy& policy) {
  using Action = RetryDecision::Action;
  if (!attempt.broke && attempt.status == 401)
    return {attempt.renewed ? Action::give_up : Action::renew_and_repeat, {}};
  if (attempt.number >= policy.attempts || !is_worth_repeating(attempt)) return {};
  auto wait = back_off(attempt.number, attempt.random, policy);
  // A little later than asked, so that all who were sent away do not come back together.
  if (attempt.retry_after) wait = *attempt.retry_after + back_off(1, attempt.random, policy);
  if (wait >= attempt.remaining) return {};
  return {Action::wait_and_repeat, wait};
}

}  // namespace migrate::kube
