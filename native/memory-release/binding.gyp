{
  "targets": [
    {
      "target_name": "memory_release",
      "sources": ["memory_release.cc"],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++20", "-fno-exceptions", "-ffile-prefix-map=<(module_root_dir)=native", "-Wdate-time"],
      "cflags_cc!": ["-fexceptions"],
      "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-Wl,--build-id=none", "-s"],
      "conditions": [
        ["target_arch=='arm64'", { "cflags": ["-mcpu=cortex-a53"] }],
        ["target_arch=='x64'", { "cflags": ["-march=x86-64-v2"] }]
      ]
    }
  ]
}
