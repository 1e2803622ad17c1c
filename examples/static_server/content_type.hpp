#pragma once

#include <string_view>

namespace static_server {

/// The media type for a file name, by its ending; "application/octet-stream" for an unknown one.
std::string_view content_type(std::string_view file_name);

}  // namespace static_server
