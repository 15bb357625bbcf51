# Sourced by the scripts that need Python. Sets `venv` and defines `need_python`.
#
#   need_python FILE..    makes the environment hold the packages that these lists pin
#
# A list names everything it needs, for pip is not left to choose; what two lists name is as the later one says. An
# environment that holds a list in an older version is made anew. Another environment is set up by another `venv`:
#
#   venv="$venv-other" need_python FILE..
venv="${CARGO_TARGET_DIR:-$PWD/target}/test-venv"

need_python() {
    local list
    for list in "$@"; do
        if [ -e "$venv/${list//\//-}" ] && ! cmp -s "$list" "$venv/${list//\//-}"; then
            rm -rf "$venv"
        fi
    done
    for list in "$@"; do
        cmp -s "$list" "$venv/${list//\//-}" && continue
        echo "setting up Python in $venv: $list"
        [ -x "$venv/bin/pip" ] || "${PYTHON:-python3}" -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$list"
        cp "$list" "$venv/${list//\//-}"
    done
}
