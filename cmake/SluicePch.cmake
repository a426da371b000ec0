# Precompiled headers: what most files include is parsed once a preset instead of once a file, which halves
# what a build from nothing takes.
#
# Each file still includes what it uses, since the tsan preset, part of ./dev test, builds without them.
# Two of them, since tests are not optimised; clang refuses one made under other options than the file's.
option(SLUICE_PCH "Precompile the headers that most files include" ON)

# Nothing but what ccache makes a relative path of; CMake would name the header too, which is in the file already.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)

# sluice_precompiled(NAME LINK libraries... OPTIONS options... HEADERS headers...)
function(sluice_precompiled name)
  cmake_parse_arguments(PCH "" "" "LINK;OPTIONS;HEADERS" ${ARGN})
  set(empty ${CMAKE_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${empty} CONTENT "")
  add_library(${name} OBJECT ${empty})
  target_link_libraries(${name} PRIVATE sluice_options ${PCH_LINK})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp" ${PCH_OPTIONS})
  # ccache knows the file by what is in it, so that checkouts find each other's objects.
  set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "python3;${PROJECT_SOURCE_DIR}/cmake/precompile.py")
  target_precompile_headers(${name} PRIVATE ${PCH_HEADERS})
endfunction()

set(headers
    <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <cstring> <filesystem> <fstream>
    <functional> <iostream> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <tuple>
    <unordered_map> <unordered_set> <utility> <variant> <vector>
    <boost/json.hpp> <fmt/format.h> <fmt/ranges.h> <tl/expected.hpp>)
if(SLUICE_PCH)
  sluice_precompiled(sluice_pch LINK spdlog::spdlog Boost::json HEADERS ${headers})
  if(SLUICE_TESTS)
    sluice_precompiled(sluice_test_pch LINK spdlog::spdlog Boost::json GTest::gmock sluice_test_options OPTIONS -O0
                       HEADERS ${headers} <gmock/gmock.h> <gtest/gtest.h> <rapidcheck/gtest.h>)
  endif()
endif()

# use_precompiled(TARGET PCH): does nothing where they are not wanted.
function(use_precompiled target pch)
  if(SLUICE_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
endfunction()
