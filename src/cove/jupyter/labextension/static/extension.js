// The extension for JupyterLab 4 and Notebook 7, as it is loaded: a module federation container written by hand, since
// what it holds needs no build. JupyterLab calls init() with the modules it shares, then get("./extension").
(() => {
  const NAME = "cove-jupyter";
  const OPEN = "cove:open-folder";
  const LIST = "cove:list";
  let shared = {};

  /** Return a module that JupyterLab shares, or null where this application has none of that name. */
  async function need(name) {
    const versions = Object.values(shared[name] ?? {});
    if (!versions.length) return null;
    const provider = versions.find((version) => version.loaded) ?? versions[0];
    return (await provider.get())();
  }

  function makePlugin(coreutils, tokens) {
    const { PageConfig, URLExt } = coreutils;
    const optional = ["browser", "launcher", "palette"].filter((name) => tokens[name]);

    function activate(app, ...given) {
      const { browser, launcher, palette } = Object.fromEntries(optional.map((name, i) => [name, given[i]]));
      const iconUrl = URLExt.join(PageConfig.getBaseUrl(), "server-proxy/icon/cove");

      /** Return the folder that is meant: the selected one, else the one shown. */
      function folder(args) {
        if (typeof args.folder === "string") return args.folder;
        const widget = browser?.tracker.currentWidget;
        const chosen = args.chosen && widget ? [...widget.selectedItems()].filter((item) => item.type === "directory") : [];
        return chosen[0]?.path ?? args.cwd ?? widget?.model.path ?? "";
      }

      function open(path) {
        window.open(URLExt.join(PageConfig.getBaseUrl(), "cove", path), "_blank", "noopener");
      }

      app.commands.addCommand(OPEN, {
        label: (args) => (args.tile ? "Open Folder in VS Code" : "Open in VS Code container"),
        caption: "Build and start the folder's container, and open VS Code in it",
        iconClass: "cove-icon",
        execute: (args) => {
          const local = app.serviceManager.contents.localPath(folder(args));
          open(`open/${local.split("/").map(encodeURIComponent).join("/")}`);
        },
      });
      app.commands.addCommand(LIST, {
        label: "Containers",
        caption: "Show the workspaces and their state",
        iconClass: "cove-icon",
        execute: () => open(""),
      });

      const style = document.createElement("style");
      style.textContent = `.cove-icon { background: url("${iconUrl}") center / contain no-repeat; }
        .lm-Menu-itemIcon.cove-icon { width: 16px; height: 16px; transform: translateX(5px); }`;
      document.head.append(style);

      for (const [selector, args] of [
        ['.jp-DirListing-item[data-isdir="true"]', { chosen: true }],
        [".jp-DirListing-content:not(:has(.jp-DirListing-item:hover))", {}],
      ])
        app.contextMenu.addItem({ command: OPEN, selector, args, rank: 3.5 });
      launcher?.add({ command: OPEN, category: "Notebook", rank: 101, args: { tile: true }, kernelIconUrl: iconUrl });
      for (const command of [OPEN, LIST]) palette?.addItem({ command, category: "cove" });
    }

    return {
      id: `${NAME}:plugin`,
      description: "Opens folders in VS Code, in their containers.",
      autoStart: true,
      optional: optional.map((name) => tokens[name]),
      activate,
    };
  }

  async function load() {
    const [coreutils, filebrowser, launcher, ui] = await Promise.all(
      ["@jupyterlab/coreutils", "@jupyterlab/filebrowser", "@jupyterlab/launcher", "@jupyterlab/apputils"].map(need),
    );
    const tokens = {
      browser: filebrowser?.IFileBrowserFactory,
      launcher: launcher?.ILauncher,
      palette: ui?.ICommandPalette,
    };
    return { __esModule: true, default: makePlugin(coreutils, tokens) };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const loaded = await load();
      return () => loaded;
    },
  };
})();
