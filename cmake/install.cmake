# cmake --install: libraries, headers, the command, pkg-config files, a package for find_package.
set(installed taut)
if(TARGET taut-media)
	list(APPEND installed taut-media)
endif()
if(TARGET taut-signal)
	list(APPEND installed taut-signal)
endif()
if(TAUT_SIM)
	list(APPEND installed taut-sim)
	file(GLOB sim_headers ${PROJECT_SOURCE_DIR}/tests/sim/world/*.h)
	list(FILTER sim_headers EXCLUDE REGEX "(_int|_net|_wire)\\.h$")
	install(FILES ${sim_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut-sim/world)
endif()
install(TARGETS ${installed} EXPORT taut-targets
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET taut-cli)
	install(TARGETS taut-cli taut-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES include/taut/taut.h include/taut/drop.h include/taut/loop.h include/taut/trace.h include/taut/stats.h
	include/taut/why.h
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
if(TARGET taut-media)
	install(FILES include/taut/media.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
endif()
if(TARGET taut-signal)
	install(FILES include/taut/signal.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/taut)
endif()

list(JOIN TAUT_CODECS " " TAUT_CODEC_LIST)

# Below the prefix, but where somebody gave a folder of its own.
set(PC_LIBDIR "\${prefix}")
set(PC_INCLUDEDIR "\${prefix}")
cmake_path(APPEND PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")

# taut_pkgconfig(NAME DESCRIPTION REQUIRES REQUIRES_PRIVATE [CFLAG...])
function(taut_pkgconfig name description requires private)
	set(PC_NAME ${name})
	list(JOIN ARGN " " PC_CFLAGS)
	set(PC_DESCRIPTION ${description})
	set(PC_REQUIRES ${requires})
	set(PC_PRIVATE ${private})
	configure_file(${PROJECT_SOURCE_DIR}/cmake/taut.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
	install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
set(private openssl)
if(TAUT_LIBSRTP)
	string(APPEND private " libsrtp2")
endif()
taut_pkgconfig(taut "A WebRTC stack without sockets, and a loop with them" "" "${private}")
if(TARGET taut-media)
	taut_pkgconfig(taut-media "Opus, VP8, test card and files for taut" "taut" "${TAUT_CODEC_LIST}")
endif()
if(TARGET taut-signal)
	taut_pkgconfig(taut-signal "Signaling relay and room client for taut" "taut" "libwebsockets jansson openssl")
endif()
if(TAUT_SIM)
	# An archive even beside shared libraries: who links with it links with what it needs.
	taut_pkgconfig(taut-sim "Networks, servers and peers of taut in virtual time" "taut libcrypto jansson" ""
		"-I\${includedir}/taut-sim")
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/taut)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/taut-config.cmake.in
	${CMAKE_BINARY_DIR}/taut-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/taut-config-version.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/taut-config.cmake ${CMAKE_BINARY_DIR}/taut-config-version.cmake
	DESTINATION ${package_dir})
install(EXPORT taut-targets NAMESPACE taut:: DESTINATION ${package_dir})
