#pragma once

namespace asyncio::detail {

/// `is_worker` has been called: started again as a worker, the program will turn off there.
[[nodiscard]] bool main_has_asked_for_workers() noexcept;

}  // namespace asyncio::detail
