# Every folder of src/ is a layer: an object library that sees its own headers, those of
# the layers below, and nothing else is linked into its tests.

# taut_layer(NAME [DEPS layer...] [LIBS library...])
function(taut_layer name)
	cmake_parse_arguments(A "" "" "DEPS;LIBS" ${ARGN})
	file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.c)
	if(NOT sources)
		set(sources ${CMAKE_BINARY_DIR}/generated/empty.c)
		file(WRITE ${sources} "typedef int empty;\n")
	endif()
	add_library(tt_${name} STATIC ${sources})
	target_include_directories(tt_${name} PUBLIC
		${CMAKE_CURRENT_SOURCE_DIR}/include ${CMAKE_CURRENT_SOURCE_DIR}/src)
	list(TRANSFORM A_DEPS PREPEND tt_)
	target_link_libraries(tt_${name} PUBLIC ${A_DEPS} ${A_LIBS})
endfunction()

# taut_library(NAME LAYERS layer... LIBS library...): one installed library out of layers.
function(taut_library name)
	cmake_parse_arguments(A "" "" "LAYERS;LIBS" ${ARGN})
	set(parts "")
	foreach(layer IN LISTS A_LAYERS)
		list(APPEND parts $<TARGET_OBJECTS:tt_${layer}>)
	endforeach()
	add_library(${name} ${parts})
	add_library(taut::${name} ALIAS ${name})
	set_target_properties(${name} PROPERTIES VERSION ${PROJECT_VERSION}
		SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINKER_LANGUAGE C)
	target_include_directories(${name} PUBLIC
		$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
		$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
	# Only what a header declares leaves a shared library.
	target_link_options(${name} PRIVATE
		$<$<STREQUAL:$<TARGET_PROPERTY:${name},TYPE>,SHARED_LIBRARY>:-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map>)
	foreach(lib IN LISTS A_LIBS)
		if(lib MATCHES "^taut")
			target_link_libraries(${name} PUBLIC ${lib})
		else()
			target_link_libraries(${name} PRIVATE ${lib})
		endif()
	endforeach()
endfunction()

# taut_embed_page(LAYER DIR): the files of DIR as one C table, tt_page_files, in that layer.
function(taut_embed_page layer dir)
	file(GLOB_RECURSE files CONFIGURE_DEPENDS ${dir}/*)
	set(out ${CMAKE_BINARY_DIR}/generated/page_files.c)
	add_custom_command(OUTPUT ${out}
		COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DDIR=${dir} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
		DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
		COMMENT "Embedding the page")
	target_sources(tt_${layer} PRIVATE ${out})
endfunction()

# taut_srtp_backends(LAYER): what TAUT_LIBSRTP and TAUT_SRTP_BACKEND ask for.
function(taut_srtp_backends layer)
	if(TAUT_LIBSRTP)
		target_compile_definitions(tt_${layer} PRIVATE TAUT_WITH_LIBSRTP)
	else()
		get_target_property(sources tt_${layer} SOURCES)
		list(FILTER sources EXCLUDE REGEX "srtp_(libsrtp|once)\\.c$")
		set_property(TARGET tt_${layer} PROPERTY SOURCES ${sources})
	endif()
	if(TAUT_SRTP_BACKEND STREQUAL "libsrtp2" AND TAUT_LIBSRTP)
		target_compile_definitions(tt_${layer} PRIVATE TAUT_DEFAULT_LIBSRTP)
	endif()
endfunction()
