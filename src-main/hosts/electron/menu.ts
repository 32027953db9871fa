import { Menu, type MenuItemConstructorOptions } from 'electron';
import { commands, menuNames, type CommandId, type MenuName } from '../../contract/bench/commands.ts';

/** A key of its own (Escape, ?) is the page's: in a menu it would be taken from every text field. */
function acceleratorOf(hotkey: string | null): string | null {
  return hotkey?.startsWith('Mod+') ? hotkey.replace('Mod', 'CmdOrCtrl') : null;
}

function itemsOf(menu: MenuName, choose: (id: CommandId) => void): MenuItemConstructorOptions[] {
  return commands
    .filter((c) => c.menu === menu)
    .map(({ id, title, hotkey }) => {
      const accelerator = acceleratorOf(hotkey);
      // the page listens to the keys itself: pressed in the page they must not count twice
      return {
        id,
        label: title,
        ...(accelerator ? { accelerator, registerAccelerator: false } : {}),
        click: () => choose(id),
      };
    });
}

/** The menu of the app: the commands of the registry, and what every platform expects. */
export function menuTemplate(
  choose: (id: CommandId) => void,
  platform: NodeJS.Platform,
): MenuItemConstructorOptions[] {
  const own = Object.fromEntries(menuNames.map((name) => [name, itemsOf(name, choose)])) as Record<
    MenuName,
    MenuItemConstructorOptions[]
  >;
  const mac: MenuItemConstructorOptions[] = platform === 'darwin' ? [{ role: 'appMenu' }] : [];
  const quit: MenuItemConstructorOptions[] =
    platform === 'darwin' ? [{ role: 'close' }] : [{ type: 'separator' }, { role: 'quit' }];
  return [
    ...mac,
    { label: 'File', submenu: [...own.File, ...quit] },
    { role: 'editMenu' },
    { label: 'Measure', submenu: own.Measure },
    { label: 'Go', submenu: own.Go },
    {
      label: 'View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
    { label: 'Help', submenu: own.Help },
  ];
}

export function setMenu(choose: (id: CommandId) => void): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(choose, process.platform)));
}
