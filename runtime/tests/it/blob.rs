//! Validation of a transaction in the blob, as a node's transaction pool and block execution run it, and its time.

use codec::{Decode, Encode};
use sc_executor::WasmExecutor;
use sp_core::{
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	H256,
};
use sp_externalities::Externalities;
use sp_io::TestExternalities;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};
use std::time::{Duration, Instant};
use substation_runtime::UncheckedExtrinsic;
use substation_runtime_blob::WASM_BINARY;

const RUNS: usize = 201;

/// The median time of validating a transaction in the blob, and the answer.
pub(crate) fn validate(
	state: &mut TestExternalities,
	transaction: &UncheckedExtrinsic,
) -> (Duration, TransactionValidity) {
	let wasm = WASM_BINARY.expect("this measures the blob: build without SKIP_WASM_BUILD");
	let executor = WasmExecutor::<sp_io::SubstrateHostFunctions>::builder().build();
	let fetcher = WrappedRuntimeCode(wasm.into());
	let hash = sp_io::hashing::blake2_256(wasm).to_vec();
	let code = RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash };
	let arguments = (TransactionSource::External, transaction, H256::repeat_byte(9)).encode();
	let mut times = Vec::with_capacity(RUNS);
	let mut answer = None;
	for _ in 0..RUNS {
		let mut ext = state.ext();
		ext.storage_start_transaction();
		let started = Instant::now();
		let (result, _) = executor.call(
			&mut ext,
			&code,
			"TaggedTransactionQueue_validate_transaction",
			&arguments,
			CallContext::Offchain,
		);
		times.push(started.elapsed());
		ext.storage_rollback_transaction().unwrap();
		answer = Some(TransactionValidity::decode(&mut &result.unwrap()[..]).unwrap());
	}
	times.sort_unstable();
	(times[RUNS / 2], answer.unwrap())
}
