/**
 * What operators do: sign in with a token, then act. The token is kept for as long as the page is open, and sent in a header: there is no
 * cookie that another site could have a browser send.
 */

/** @import { Action } from '../src/action.ts' */
/** @import { ActionsState, PeerSummary } from '../src/wire.ts' */
import { find, html, setText } from './dom.js';
import { stateDetail, weights } from './format.js';
import { setAct } from './providers.js';

/** @type {string | undefined} */
let token;
/** @type {PeerSummary | undefined} */
let target;
/** @type {ActionsState['policies']} */
let policies = [];

const signInButton = find('[data-tool="operator"]', HTMLButtonElement);
const signInDialog = find('[data-view="sign-in"]', HTMLDialogElement);
const actDialog = find('[data-view="act"]', HTMLDialogElement);
const policyLabel = find('label.policy', HTMLLabelElement);
const policySelect = find('[data-tool="policy"]', HTMLSelectElement);

export function startOperator() {
  const tokenInput = find('[name="token"]', HTMLInputElement, signInDialog);
  const form = find('form', HTMLFormElement, signInDialog);
  signInButton.addEventListener('click', () => {
    if (token === undefined) {
      signInDialog.showModal();
      return;
    }
    signOut();
  });
  find('[value="cancel"]', HTMLButtonElement, signInDialog).addEventListener('click', () => signInDialog.close());
  form.addEventListener('submit', () => {
    token = tokenInput.value;
    tokenInput.value = '';
    setText(signInButton, 'Sign out');
    policyLabel.hidden = false;
    setAct(openActions);
  });
  for (const button of actDialog.querySelectorAll('[data-act]')) {
    button.addEventListener('click', () => void actOnTarget(button.getAttribute('data-act') ?? ''));
  }
  policySelect.addEventListener('change', () => {
    const policy = policies.find((name) => name === policySelect.value);
    if (policy !== undefined) void send({ action: 'policy', policy });
  });
}

/**
 * @param {ActionsState} actions
 * @param {string} policy
 */
export function showOperator(actions, policy) {
  signInButton.hidden = !actions.enabled;
  if (!actions.enabled) return;
  policies = actions.policies;
  const names = policies.some((name) => name === policy) ? policies : [policy, ...policies];
  if (policySelect.childElementCount !== names.length) {
    policySelect.replaceChildren(...names.map((name) => html('option', { value: name }, name)));
  }
  if (document.activeElement !== policySelect) policySelect.value = policy;
}

/** @param {PeerSummary} peer */
function openActions(peer) {
  target = peer;
  setText(find('#act-title', HTMLElement), peer.name);
  const detail = stateDetail(peer);
  setText(
    find('[data-field="act-state"]', HTMLElement),
    `${peer.id} is ${peer.state}, weight ${weights(peer)}${detail === '' ? '' : `: ${detail}`}`,
  );
  find('[name="weight"]', HTMLInputElement, actDialog).value = String(peer.weight);
  complain('');
  actDialog.showModal();
}

/** @param {string} name */
async function actOnTarget(name) {
  if (target === undefined) return;
  const peer = target.id;
  const input = find('[name="weight"]', HTMLInputElement, actDialog);
  if (name === 'weight' && !input.reportValidity()) return;
  /** @type {Action | undefined} */
  const action =
    name === 'weight'
      ? { action: 'weight', peer, weight: input.valueAsNumber }
      : name === 'registered'
        ? { action: 'weight', peer, weight: null }
        : name === 'drain' || name === 'eject' || name === 'restore'
          ? { action: name, peer }
          : undefined;
  if (action !== undefined && (await send(action))) actDialog.close();
}

/**
 * @param {Action} action
 * @returns {Promise<boolean>} Whether it was done.
 */
async function send(action) {
  complain('');
  const response = await fetch('actions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(action),
  }).catch(() => undefined);
  if (response?.ok) return true;
  if (response?.status === 401 || response?.status === 403) {
    actDialog.close();
    signOut();
    signInDialog.showModal();
  }
  /** @type {unknown} */
  const answer = await response?.json().catch(() => undefined);
  const isProblem = typeof answer === 'object' && answer !== null && 'message' in answer;
  complain(isProblem ? String(answer.message) : 'The consumer did not answer');
  return false;
}

function signOut() {
  token = undefined;
  setText(signInButton, 'Sign in to act');
  policyLabel.hidden = true;
  setAct(undefined);
}

/** @param {string} problem */
function complain(problem) {
  for (const place of document.querySelectorAll('dialog .problem')) setText(place, problem);
}
