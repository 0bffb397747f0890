// The list of conversations.
import assert from 'node:assert/strict';
import { freshHome, startApp } from './app.mjs';
import { ask, byId, click, keyboard, look } from './chat.mjs';
import { until } from './waiting.mjs';

/** The list as soon as it passes the test. */
function listed(app, what, test) {
  return until(what, async () => {
    const { conversations } = await look(app);
    return test(conversations) && conversations;
  });
}

/** Two conversations; returns the app and the list, newest first. */
async function withTwoConversations(home) {
  const app = await startApp({ home });
  await ask(app, 'What is the capital of France?');
  await click(app, 'new-chat');
  await until('an empty conversation', async () => (await look(app)).messages.length === 0);
  await ask(app, 'What is the capital of Japan?');
  return { app, list: await listed(app, 'two conversations', ({ length }) => length === 2) };
}

describe('conversations', () => {
  it('are listed newest first and opened by a click', async () => {
    const { app, list } = await withTwoConversations(freshHome());
    assert.match(list[0], /Japan/);
    assert.match(list[1], /France/);
    await app.browser.$$(byId('conversation-item'))[1].click();
    await until('the older conversation', async () => {
      return (await look(app)).messages.some(({ text }) => text.includes('Paris'));
    });
  });

  it('begin empty with New chat, without what was told before', async () => {
    const app = await startApp();
    await ask(app, 'My name is Ada.');
    await click(app, 'new-chat');
    await until('an empty conversation', async () => (await look(app)).messages.length === 0);
    assert.match((await ask(app, 'What is my name?')).text, /You have not told me your name\./);
  });

  it('can be deleted, and the deletion survives a restart', async () => {
    const home = freshHome();
    const { app } = await withTwoConversations(home);
    await deleteFirst(app);
    await listed(app, 'one conversation', (list) => list.length === 1 && /France/.test(list[0]));
    await app.close();
    const again = await startApp({ home });
    const list = await listed(again, 'the list after the restart', ({ length }) => length > 0);
    assert.equal(list.length, 1);
    assert.match(list[0], /France/);
  });

  it('can be brought back right after they were deleted, and that survives a restart', async () => {
    const home = freshHome();
    const { app } = await withTwoConversations(home);
    await deleteFirst(app);
    await listed(app, 'one conversation', ({ length }) => length === 1);
    await click(app, 'undo-delete');
    await listed(app, 'both conversations', ({ length }) => length === 2);
    await app.close();
    const again = await startApp({ home });
    await listed(again, 'both conversations after the restart', (list) => {
      return list.length === 2 && list.some((text) => /Japan/.test(text));
    });
  });

  it('can be renamed, and the name survives a restart', async () => {
    const home = freshHome();
    const { app } = await withTwoConversations(home);
    await fromMenuOfFirst(app, 'conversation-rename');
    await app.browser.$(byId('conversation-rename-field')).waitForDisplayed();
    await app.browser.keys(['Control', 'a']);
    await keyboard(app, 'Islands');
    await app.browser.keys('Enter');
    await listed(app, 'the new name', (list) => list.some((text) => text.includes('Islands')));
    await app.crash();
    const again = await startApp({ home });
    await listed(again, 'the new name after the restart', (list) =>
      list.some((text) => text.includes('Islands')),
    );
  });

  it('of before are there after a restart, and can be gone on with', async () => {
    const home = freshHome();
    const app = await startApp({ home });
    await ask(app, 'My name is Ada.');
    await app.crash();
    const again = await startApp({ home });
    await listed(again, 'the conversation', ({ length }) => length === 1);
    await click(again, 'conversation-item');
    await until('its messages', async () => (await look(again)).messages.length === 2);
    assert.match((await ask(again, 'What is my name?')).text, /Your name is Ada\./);
  });
});

async function deleteFirst(app) {
  await fromMenuOfFirst(app, 'conversation-delete');
}

/** Clicks an action in the menu of the first conversation in the list. */
async function fromMenuOfFirst(app, action) {
  await app.browser.$(byId('conversation-item')).moveTo();
  await click(app, 'conversation-menu');
  await click(app, action);
}
