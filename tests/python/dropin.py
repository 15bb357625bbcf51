"""The published package launches another `vineyardd`, in each of the ways in which it finds one.

Its files are linked into a temporary directory without the daemon that comes with them, as if `vineyard-bdist` were not
installed; what is installed stays as it is. Each way is a process of its own, because the package remembers what it found.
"""

import os
import shutil
import subprocess
import sys
import tempfile


def launched_from_path():
    import vineyard

    socket = vineyard.try_init()
    use(vineyard.connect())
    vineyard.shutdown()
    assert not os.path.exists(socket), socket


def launched_from_package():
    import vineyard

    # There is no server and nobody says where one is, so this starts one.
    use(vineyard.connect())
    vineyard.shutdown()


def launched_by_name():
    from vineyard.deploy.local import start_vineyardd
    import vineyard

    with start_vineyardd(meta="local", vineyardd_path=sys.argv[2], size="64Mi", rpc=False, debug=True) as (_, socket, _):
        use(vineyard.connect(socket))


def launched_as_module():
    import vineyard

    socket = os.path.join(os.environ["DROPIN_DIRECTORY"], "module.sock")
    arguments = ["--socket", socket, "--size", "64Mi", "--norpc", "-log_dir", "/tmp"]
    daemon = subprocess.Popen([sys.executable, "-m", "vineyard", *arguments], stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "VINEYARD_LOG": "info"})
    # It says so when it listens; its end is the end of this loop too.
    any("listening" in line for line in daemon.stderr)
    use(vineyard.connect(socket))
    daemon.terminate()
    assert daemon.wait() == 0
    assert not os.path.exists(socket), socket


def use(client):
    """Uses the server, and looks whether it is the one that was to be launched."""
    import numpy as np
    import psutil

    assert (client.get(client.put(np.arange(10))) == np.arange(10)).all()
    assert client.status.deployment == "local"
    children = [child.exe() for child in psutil.Process().children()]
    assert children == [os.path.realpath(sys.argv[2])], children


def run(way, daemon, package, directory, path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VINEYARD")}
    environment.update(PYTHONPATH=package, DROPIN_DIRECTORY=directory, PATH=f"{path}:{environment['PATH']}")
    subprocess.run([sys.executable, __file__, way.__name__, daemon], env=environment, check=True)


def main(daemon):
    import vineyard

    installed = os.path.dirname(vineyard.__file__)
    with tempfile.TemporaryDirectory() as directory:
        bare, package = os.path.join(directory, "bare"), os.path.join(directory, "package")
        for place in (bare, package):
            shutil.copytree(installed, os.path.join(place, "vineyard"), copy_function=os.symlink,
                            ignore=shutil.ignore_patterns("bdist", "__pycache__"))
        bundled = os.path.join(package, "vineyard", "bdist")
        os.mkdir(bundled)
        os.symlink(daemon, os.path.join(bundled, "vineyardd"))

        run(launched_from_path, daemon, bare, directory, os.path.dirname(daemon))
        run(launched_as_module, daemon, bare, directory, os.path.dirname(daemon))
        run(launched_by_name, daemon, bare, directory, "/nowhere")
        run(launched_from_package, daemon, package, directory, "/nowhere")
    print("launched 4 times")


if len(sys.argv) == 2:
    main(sys.argv[1])
else:
    globals()[sys.argv[1]]()
